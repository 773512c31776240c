/* What the editors of both screens have in common. asked.screen: the Screen they are on. */
import { isTrouble, KEPT } from "./outbox.js";

export const screenEditor = (Editor) =>
  class extends Editor {
    /* Show errors in the page; the editor's own dialog would cover the work. */
    async showErrors(answer) {
      try {
        return await answer;
      } catch (error) {
        return this.asked.screen.problem(error);
      }
    }

    /* Without a connection the edit is stored in this browser, and restored when the item is shown again. */
    async keepDraft(annotation) {
      const { screen } = this.asked;
      try {
        const draft = await super.keepDraft(annotation);
        screen.edits.drop(this.keyOf(annotation));
        return draft;
      } catch (error) {
        if (!isTrouble(error)) throw error;
        screen.edits.keep(annotation.versions.draft);
        screen.disconnected(error);
        return { id: annotation.draftId };
      }
    }

    /* key: the item whose comment field it came from. Returns what the editor shows, even if the comment is not sent yet. */
    async sendComment(key, body, about) {
      const { outbox, typed } = this.asked.screen;
      const saved = await outbox.putComment(body, about);
      typed.drop(key);
      const shown = { ...body, id: Date.now(), created_by: this.options.user.id, created_at: new Date().toISOString(), is_resolved: false };
      return saved === KEPT ? shown : saved;
    }

    /* setTimeout: let the editor finish handling the click first. */
    async send(entry) {
      const { screen } = this.asked;
      const answer = await screen.outbox.put(entry);
      if (answer !== KEPT) setTimeout(() => screen.done(entry, answer), 0);
      return answer;
    }
  };
