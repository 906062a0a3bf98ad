/** Loads a part of the console when it is first shown; without a network it waits for one instead of failing. */
import { lazy, type ComponentType, type LazyExoticComponent } from 'react';

const attempts = 3;
const pauseMs = 1_000;

/** Until the network is there, or for a moment when it is. */
function network(): Promise<void> {
  return new Promise((resolve) => {
    if (navigator.onLine) setTimeout(resolve, pauseMs);
    else window.addEventListener('online', () => resolve(), { once: true });
  });
}

/**
 * Like React's lazy.
 * @throws what loading threw, after three attempts with a network: the file is gone since a new console was installed.
 */
export function lazily<Props>(
  load: () => Promise<{ default: ComponentType<Props> }>,
): LazyExoticComponent<ComponentType<Props>> {
  return lazy(async () => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await load();
      } catch (thrown) {
        if (attempt >= attempts && navigator.onLine) throw thrown;
        await network();
      }
    }
  });
}
