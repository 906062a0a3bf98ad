/** Which rows and pages of a long list are needed for what is in sight. */

export const rowHeight = 56;
/** Rows a request brings. */
export const blockSize = 100;
/** Rows drawn beyond the edges, so that a turn of the wheel finds them there. */
const beyond = 8;

export interface Sight {
  /** First and last row to be drawn, from 0; none when last < first. */
  first: number;
  last: number;
}

export function sightOf(scrollTop: number, height: number, total: number): Sight {
  const top = Math.max(0, Math.floor(scrollTop / rowHeight) - beyond);
  const bottom = Math.ceil((scrollTop + height) / rowHeight) + beyond;
  return { first: Math.min(top, Math.max(0, total - 1)), last: Math.min(bottom, total - 1) };
}

/** Pages, from 1, that hold these rows. */
export function pagesOf({ first, last }: Sight): number[] {
  const pages: number[] = [];
  for (let page = Math.floor(first / blockSize) + 1; page <= Math.floor(last / blockSize) + 1; page += 1) pages.push(page);
  return pages;
}
