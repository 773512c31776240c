/* The lease of the item: renewed while the page is open, released when it closes. */
import { ServerError } from "../review-adapter.js";

const SHORTEST = 300;
const LONGEST = 60_000;

export class LeaseKeeper {
  constructor({ server, onLost }) {
    Object.assign(this, { server, onLost, lease: null });
    addEventListener("pagehide", () => this.releaseOnExit());
  }

  take(lease) {
    clearTimeout(this.timer);
    this.lease = lease || null;
    if (this.lease) this.scheduleRenewal();
  }

  /* After a third of the remaining time, so that two renewals may fail before the lease ends. */
  scheduleRenewal() {
    const left = new Date(this.lease.expires_at) - Date.now();
    this.timer = setTimeout(() => this.renew(), Math.min(Math.max(left / 3, SHORTEST), LONGEST));
  }

  async renew() {
    const asked = this.lease;
    if (!asked) return;
    try {
      const renewed = await this.server.ask("POST", `/api/leases/${asked.id}/renew/`);
      if (this.lease === asked) this.take({ ...asked, ...renewed });
    } catch (error) {
      if (this.lease !== asked) return;
      const isOver = error instanceof ServerError && [403, 404, 410].includes(error.status);
      if (!isOver) {
        this.timer = setTimeout(() => this.renew(), SHORTEST * 10);
        return;
      }
      this.lease = null;
      this.onLost(error);
    }
  }

  async release() {
    const { lease } = this;
    this.take(null);
    if (lease) await this.server.ask("POST", `/api/leases/${lease.id}/release/`).catch(() => {});
  }

  /* The page is closing: with `keepalive` the request is still sent. */
  releaseOnExit() {
    const { lease } = this;
    this.take(null);
    if (lease) this.server.ask("POST", `/api/leases/${lease.id}/release/`, undefined, {}, { keepalive: true }).catch(() => {});
  }
}
