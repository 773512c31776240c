/* Loads only the editor of Label Studio's unmodified web application (1.16 to 1.23); the wheel has no stand-alone editor.
   Include, in this order: this file, vendor.js, main.js, runtime.js. Then: await loadLabelStudioEditor().
   Module and chunk numbers change with each release, so modules are found by their content. */
(function () {
  "use strict";
  const chunks = (self.webpackChunklabelstudio = []);
  const plainPush = chunks.push.bind(chunks);
  /* A chunk is [ids, modules, entry]. Without the entry, main.js defines its modules but starts no application. */
  chunks.push = ([ids, modules]) => plainPush([ids, modules]);

  const LAZY = /Promise\.all\(\[((?:[\w$]+\.e\(\d+\),?)+)\]\)\.then\([\w$]+\.bind\([\w$]+,(\d+)\)\)/g;
  const textOf = (requires, id) => Function.prototype.toString.call(requires.m[id]);

  function webpackRequire() {
    let requires;
    chunks.push([["editor-loader"], {}, (found) => (requires = found)]);
    if (!requires) throw new Error("Load Label Studio's runtime.js before this call.");
    return requires;
  }

  /* Module → its chunks, for every lazy import. */
  function lazyImports(requires) {
    const found = new Map();
    for (const id of Object.keys(requires.m)) {
      for (const [, loads, target] of textOf(requires, id).matchAll(LAZY)) {
        found.set(target, [...loads.matchAll(/\.e\((\d+)\)/g)].map((match) => Number(match[1])));
      }
    }
    return found;
  }

  /* The entry of the application would have added this style sheet. */
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
    if (!window.LabelStudio) throw new Error("These files contain no editor.");
    return window.LabelStudio;
  };
})();
