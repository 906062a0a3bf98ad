/**
 * Drawers live in the address (`?drawer=monitor.calls&task=12`), the deepest last: a reload, a link and the back button show
 * the same ones. A drawer is loaded when it is first opened and stays to be closed with its motion.
 */
import { Suspense, useCallback, useMemo, useState, type ComponentType } from 'react';
import { useSearchParams } from 'react-router-dom';
import { lazily } from './lazily';
import { drawers, type DrawerProps } from './screens';

const components = new Map<string, ComponentType<DrawerProps>>(drawers.map(({ name, load }) => [name, lazily(load)]));

/** Names in the address that are drawers, each once. */
export function stackOf(search: URLSearchParams): string[] {
  const names = (search.get('drawer') ?? '').split('.');
  return [...new Set(names)].filter((name) => components.has(name));
}

/** The address with `name` on top of what is open. Parameters of the drawers above it are dropped. */
export function withDrawer(search: URLSearchParams, name: string, parameters: Record<string, string | number>): URLSearchParams {
  const next = withoutDrawer(search, name);
  next.set('drawer', [...stackOf(next), name].join('.'));
  for (const [key, value] of Object.entries(parameters)) next.set(key, String(value));
  return next;
}

/** The address without `name` and what lies on top of it. A parameter that a drawer below shares is kept. */
export function withoutDrawer(search: URLSearchParams, name: string): URLSearchParams {
  const next = new URLSearchParams(search);
  const stack = stackOf(search);
  const place = stack.indexOf(name);
  const kept = place < 0 ? stack : stack.slice(0, place);
  const shared = new Set(drawers.flatMap((drawer) => (kept.includes(drawer.name) ? drawer.parameters : [])));
  for (const drawer of drawers) {
    for (const parameter of drawer.parameters) if (!shared.has(parameter)) next.delete(parameter);
  }
  if (kept.length > 0) next.set('drawer', kept.join('.'));
  else next.delete('drawer');
  return next;
}

export interface Drawers {
  stack: string[];
  search: URLSearchParams;
  open: (name: string, parameters?: Record<string, string | number>) => void;
  close: (name: string) => void;
  /** Opens another one in the place of `name`: what was chosen there leads on. */
  instead: (name: string, other: string, parameters?: Record<string, string | number>) => void;
  /** Changes parameters of an open drawer without a step in the history; null takes one away. */
  change: (parameters: Record<string, string | number | null>) => void;
}

export function useDrawers(): Drawers {
  const [search, setSearch] = useSearchParams();
  const stack = useMemo(() => stackOf(search), [search]);
  const open = useCallback<Drawers['open']>(
    (name, parameters = {}) => setSearch((now) => withDrawer(now, name, parameters)),
    [setSearch],
  );
  const close = useCallback<Drawers['close']>((name) => setSearch((now) => withoutDrawer(now, name)), [setSearch]);
  const instead = useCallback<Drawers['instead']>(
    (name, other, parameters = {}) => setSearch((now) => withDrawer(withoutDrawer(now, name), other, parameters)),
    [setSearch],
  );
  const change = useCallback<Drawers['change']>(
    (parameters) =>
      setSearch(
        (now) => {
          const next = new URLSearchParams(now);
          for (const [key, value] of Object.entries(parameters)) {
            if (value === null) next.delete(key);
            else next.set(key, String(value));
          }
          return next;
        },
        { replace: true },
      ),
    [setSearch],
  );
  return { stack, search, open, close, instead, change };
}

/** All drawers that were opened since the page was loaded. */
export function DrawerStack() {
  const { stack, close } = useDrawers();
  const [seen, setSeen] = useState<readonly string[]>(stack);
  const unseen = stack.filter((name) => !seen.includes(name));
  if (unseen.length > 0) setSeen([...seen, ...unseen]);
  return drawers.map(({ name }) => {
    const Component = components.get(name);
    if (!Component || !seen.includes(name)) return null;
    return (
      <Suspense key={name} fallback={null}>
        <Component
          open={stack.includes(name)}
          // While it closes it lies on top still.
          level={stack.includes(name) ? stack.indexOf(name) : drawers.length}
          onClose={() => close(name)}
        />
      </Suspense>
    );
  });
}
