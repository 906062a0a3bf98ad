/**
 * The console's words. Chinese is the source of the keys, English has the same ones (tsc and a test see to it). Parameters
 * stand in braces; a key knows which it needs. Each screen keeps its words in words.ts beside it; here they come together.
 */
import { useSyncExternalStore } from 'react';
import { en, zh, type Dictionary } from './words';

export type Language = 'zh' | 'en';
export type Key = keyof Dictionary;

type Names<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}` ? Name | Names<Rest> : never;
type Args<K extends Key> = [Names<Dictionary[K]>] extends [never]
  ? []
  : [parameters: Record<Names<Dictionary[K]>, string | number>];

/** Keys of texts without parameters. */
export type PlainKey = { [K in Key]: [Names<Dictionary[K]>] extends [never] ? K : never }[Key];

const storageKey = 'waihu.language';
const listeners = new Set<() => void>();
let language: Language = stored();

function stored(): Language {
  try {
    return localStorage.getItem(storageKey) === 'en' ? 'en' : 'zh';
  } catch {
    return 'zh';
  }
}

export function currentLanguage(): Language {
  return language;
}

/** Switches every text of the page, and remembers it for the next visit. */
export function setLanguage(next: Language): void {
  language = next;
  try {
    localStorage.setItem(storageKey, next);
  } catch {
    // A browser that keeps nothing still shows the language.
  }
  document.documentElement.lang = next === 'zh' ? 'zh-CN' : 'en';
  listeners.forEach((listener) => listener());
}

/** The text of a key in the language that is set now. Inside components use `useText`, which follows a switch. */
export function t<K extends Key>(key: K, ...args: Args<K>): string {
  const text: string = (language === 'zh' ? zh : en)[key];
  const parameters = args[0] as Record<string, string | number> | undefined;
  return parameters ? text.replace(/\{(\w+)\}/g, (whole, name: string) => String(parameters[name] ?? whole)) : text;
}

/** `t`, for components: they are drawn again when the language is switched. */
export function useText(): typeof t {
  useLanguage();
  return t;
}

export function useLanguage(): Language {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    currentLanguage,
  );
}
