/** A text that is kept for this browser, so that a reload and another tab know it, too. */
export interface StoredText {
  /** '' when nothing is kept. */
  get(): string;
  set(text: string): void;
  /** Tells of changes here and in other tabs, until the answer is called. */
  subscribe(listener: () => void): () => void;
}

/** Without storage the text lasts as long as the page. */
export function storedText(key: string): StoredText {
  const listeners = new Set<() => void>();
  let memory = '';
  return {
    get() {
      try {
        return localStorage.getItem(key) ?? '';
      } catch {
        return memory;
      }
    },
    set(text) {
      memory = text;
      try {
        localStorage.setItem(key, text);
      } catch {
        // `memory` has it.
      }
      listeners.forEach((listener) => listener());
    },
    subscribe(listener) {
      const fromElsewhere = (event: StorageEvent): void => {
        if (event.key === key || event.key === null) listener();
      };
      listeners.add(listener);
      window.addEventListener('storage', fromElsewhere);
      return () => {
        listeners.delete(listener);
        window.removeEventListener('storage', fromElsewhere);
      };
    },
  };
}
