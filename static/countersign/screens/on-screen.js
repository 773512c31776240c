/* What the editors of both screens do alike. asked.screen: where they stand. */
import { isTrouble, KEPT } from "./outbox.js";

export const onScreen = (Editor) =>
  class extends Editor {
    /* Said in the page, in the server's words; the editor's own box would stand over the work. */
    async told(answer) {
      try {
        return await answer;
      } catch (error) {
        return this.asked.screen.problem(error);
      }
    }

    /* Without a connection the edit stays here, and is put back when the item is shown again. */
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

    /* key: of the item whose comment field it came from. Answers what the editor shows, also where it is only kept. */
    async sayComment(key, body, about) {
      const { outbox, typed } = this.asked.screen;
      const saved = await outbox.putComment(body, about);
      typed.drop(key);
      const shown = { ...body, id: Date.now(), created_by: this.options.user.id, created_at: new Date().toISOString(), is_resolved: false };
      return saved === KEPT ? shown : saved;
    }

    /* What follows waits until the editor is through with this click. */
    async send(entry) {
      const { screen } = this.asked;
      const answer = await screen.outbox.put(entry);
      if (answer !== KEPT) setTimeout(() => screen.done(entry, answer), 0);
      return answer;
    }
  };
