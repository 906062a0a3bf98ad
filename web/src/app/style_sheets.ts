/**
 * Stands in for @rc-component/util's dynamicCSS in the build: the same functions, but a rule set becomes a constructed
 * style sheet instead of a <style> element, so that a policy of `style-src 'self'` without nonce or 'unsafe-inline' holds.
 * Order is kept as there: what is prepended comes first, by priority, then what is appended. Knows nothing of antd.
 */
interface Options {
  attachTo?: Element | ShadowRoot;
  csp?: { nonce?: string };
  prepend?: boolean | 'queue';
  priority?: number;
  mark?: string;
}

interface Entry {
  /** 0 prepended, 1 queued behind those, 2 appended. */
  rank: number;
  priority: number;
  sequence: number;
  sheet: CSSStyleSheet;
  /** Never in the document: carries the attributes by which cssinjs finds what it made. */
  mark: HTMLStyleElement;
}

const entries = new Map<string, Entry>();
let sequence = 0;

function rankOf(prepend: Options['prepend']): number {
  if (prepend === 'queue') return 1;
  return prepend ? 0 : 2;
}

function publish(): void {
  const ordered = [...entries.values()].sort(
    (a, b) => a.rank - b.rank || a.priority - b.priority || a.sequence - b.sequence,
  );
  document.adoptedStyleSheets = ordered.map((entry) => entry.sheet);
}

/** Adds or replaces the rules known under `key`; answers a mark that stands for them. */
export function updateCSS(css: string, key: string, options: Options = {}): HTMLStyleElement {
  const known = entries.get(key);
  if (known) {
    known.sheet.replaceSync(css);
    return known.mark;
  }
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  const mark = document.createElement('style');
  entries.set(key, { rank: rankOf(options.prepend), priority: options.priority ?? 0, sequence: ++sequence, sheet, mark });
  publish();
  return mark;
}

/** Adds rules that nobody takes away again. */
export function injectCSS(css: string, options: Options = {}): HTMLStyleElement {
  return updateCSS(css, `injected-${sequence + 1}`, options);
}

/** Takes the rules known under `key` away. */
export function removeCSS(key: string): void {
  if (entries.delete(key)) publish();
}

/** There is one document and nothing to forget. */
export function clearContainerCache(): void {}
