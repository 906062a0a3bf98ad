import { fireEvent, render } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { Choice } from '../src/parts/Choice';

const names = (role: string) => [...document.querySelectorAll(`[role=${role}]`)].map((found) => found.getAttribute('aria-label'));

describe('a choice', () => {
  // Time enough for the first drawing of a select on a machine with other work.
  it('names its field and its list, with and without options, open and closed', { timeout: 60_000 }, () => {
    const drawn = render(<Choice label="场景" options={[]} />);
    expect(names('combobox')).toEqual(['场景']);
    fireEvent.mouseDown(document.querySelector('[role=combobox]')!);
    expect(names('listbox')).toEqual(['场景']);
    drawn.rerender(<Choice label="Scene" options={[{ value: 'a', label: 'A' }]} />);
    expect(names('listbox')).toEqual(['Scene']);
    fireEvent.click(document.querySelector('.ant-select-item-option')!);
    expect(names('listbox')).toEqual(['Scene']);
  });
});
