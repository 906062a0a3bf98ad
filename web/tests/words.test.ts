import { describe, expect, it } from 'vitest';
import { setLanguage, t } from '../src/i18n';
import { en, zh } from '../src/i18n/words';

const parameters = (text: string): string[] => [...text.matchAll(/\{(\w+)\}/g)].map((found) => found[1] ?? '').sort();
const keys = Object.keys(zh) as (keyof typeof zh)[];

describe('the words', () => {
  it('are the same keys with the same parameters in both languages, none empty', () => {
    expect(Object.keys(en).sort()).toEqual([...keys].sort());
    for (const key of keys) {
      expect(en[key].trim(), key).not.toBe('');
      expect(parameters(en[key]), key).toEqual(parameters(zh[key]));
    }
  });

  it('hold no Chinese in English, the name of the product apart', () => {
    for (const key of keys) expect(en[key].replaceAll('外呼Agent', ''), key).not.toMatch(/\p{Script=Han}/u);
  });

  it('take parameters literally, whatever stands in them', () => {
    setLanguage('zh');
    expect(t('calls.title_of', { name: '{name} $& $1' })).toBe('外呼详情：{name} $& $1');
    setLanguage('en');
    expect(t('task.leads', { count: 3 })).toBe('3 leads');
  });
});
