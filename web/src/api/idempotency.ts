/** Keys by which the daemon knows a repeated request: the same body gets the same key until it has succeeded. */

function freshKey(): string {
  // Not randomUUID, which a page without TLS has not.
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

export class IdempotencyKeys {
  private body = '';
  private key = '';

  /** The key for a request with this body. */
  keyFor(body: unknown): string {
    const text = JSON.stringify(body);
    if (text !== this.body || this.key === '') {
      this.body = text;
      this.key = freshKey();
    }
    return this.key;
  }

  /** It was done: the next one is meant anew, even with the same body. */
  done(): void {
    this.key = '';
  }
}
