/* Takes only the editor out of the unmodified web application of Label Studio (1.16 to 1.23), whose wheel has no stand-alone one.
   On the page, in this order: this file, vendor.js, main.js, runtime.js. Then: await loadLabelStudioEditor().
   Numbers of modules and chunks change with each release, so everything is found by what it contains. */
(function () {
  "use strict";
  const chunks = (self.webpackChunklabelstudio = []);
  const plainPush = chunks.push.bind(chunks);
  /* A chunk is [ids, modules, entry]. Without its entry main.js only defines its modules, and no application starts. */
  chunks.push = ([ids, modules]) => plainPush([ids, modules]);

  const LAZY = /Promise\.all\(\[((?:[\w$]+\.e\(\d+\),?)+)\]\)\.then\([\w$]+\.bind\([\w$]+,(\d+)\)\)/g;
  const textOf = (requires, id) => Function.prototype.toString.call(requires.m[id]);

  function webpackRequire() {
    let requires;
    chunks.push([["editor-loader"], {}, (found) => (requires = found)]);
    if (!requires) throw new Error("runtime.js of Label Studio has to come before this call.");
    return requires;
  }

  /* [module, its chunks] of every import that waits for its chunks. */
  function lazyImports(requires) {
    const found = new Map();
    for (const id of Object.keys(requires.m)) {
      for (const [, loads, target] of textOf(requires, id).matchAll(LAZY)) {
        found.set(target, [...loads.matchAll(/\.e\((\d+)\)/g)].map((match) => Number(match[1])));
      }
    }
    return found;
  }

  /* The application's entry would have put this style sheet into the page. */
  function addStyles(requires) {
    for (const id of Object.keys(requires.m).filter((id) => textOf(requires, id).includes("tailwindcss v"))) {
      const exported = requires(id);
      const sheet = exported.A || exported.default || exported.Z;
      if (!sheet) continue;
      const style = document.createElement("style");
      style.textContent = sheet.toString().replace(/\/\*# sourceMappingURL[^*]*\*\//g, "");
      document.head.append(style);
    }
  }

  const setsEditor = (requires, id) => /window\.LabelStudio=/.test(textOf(requires, id));

  window.loadLabelStudioEditor = async function () {
    const requires = webpackRequire();
    addStyles(requires);
    for (const [entry, parts] of lazyImports(requires)) {
      if (window.LabelStudio) break;
      const before = new Set(Object.keys(requires.m));
      await Promise.all(parts.map((part) => requires.e(part)));
      const arrived = Object.keys(requires.m).filter((id) => !before.has(id));
      if ([entry, ...arrived].some((id) => requires.m[id] && setsEditor(requires, id))) requires(entry);
    }
    if (!window.LabelStudio) throw new Error("These files hold no editor.");
    return window.LabelStudio;
  };
})();
