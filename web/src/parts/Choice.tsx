/**
 * A select whose list has a name, too. antd names the field alone; its list stays in the page after the first use, where
 * nothing says of what it is a list once it no longer belongs to an open field.
 */
import { Select } from 'antd';
import type { SelectProps } from 'antd';
import { useLayoutEffect, useRef, type ReactElement } from 'react';

function Named({ label, children }: { label: string; children: ReactElement }) {
  const box = useRef<HTMLDivElement>(null);
  // After every drawing: with and without options antd draws different lists.
  useLayoutEffect(() => box.current?.querySelector('[role=listbox]')?.setAttribute('aria-label', label));
  return <div ref={box}>{children}</div>;
}

/** What gives the list of a select of antd a name; for those that antd draws itself (sizes of pages). */
export const named = (label: string) => ({
  'aria-label': label,
  popupRender: (list: ReactElement) => <Named label={label}>{list}</Named>,
});

export function Choice<Value>({ label, ...props }: SelectProps<Value> & { label: string }) {
  return <Select<Value> {...named(label)} {...props} />;
}
