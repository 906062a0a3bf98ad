/** What the address says about the page of leads, and how rejected rows are handed back as a table. */
import type { ImportVerdict } from '../../api/types';

export const pageSizes = [20, 100, 500] as const;

/** Page, size and search text from the address; what makes no sense there counts as absent. */
export function leadPageOf(search: URLSearchParams): { page: number; pageSize: number; text: string } {
  const page = Number(search.get('p'));
  const size = Number(search.get('n'));
  return {
    page: Number.isInteger(page) && page > 0 ? page : 1,
    pageSize: pageSizes.find((known) => known === size) ?? pageSizes[0],
    text: (search.get('q') ?? '').slice(0, 100),
  };
}

/** A cell of a CSV file; a text that a spreadsheet would take for a formula is kept a text. */
function cell(value: string | number): string {
  const text = typeof value === 'string' && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Rows as CSV in UTF-8 with the mark by which spreadsheets know it. */
export function csvOf(rows: readonly (readonly (string | number)[])[]): string {
  return `\ufeff${rows.map((row) => row.map(cell).join(',')).join('\r\n')}\r\n`;
}

export function rejectedAsCsv(errors: ImportVerdict['errors'], heads: readonly [string, string, string, string]): string {
  return csvOf([heads, ...errors.map(({ row, leads_id, field, reason }) => [row, leads_id, field, reason] as const)]);
}

/** The daemon's limit of an import (docs/http.md, limits). */
export const importLimitBytes = 32 * 1024 * 1024;

/** Why a file is not even sent; null when it may be. */
export function faultOfFile(file: { name: string; size: number }): 'type' | 'size' | 'empty' | null {
  if (!/\.(csv|xlsx)$/i.test(file.name)) return 'type';
  if (file.size === 0) return 'empty';
  // The form around the file counts, too.
  return file.size > importLimitBytes - 4096 ? 'size' : null;
}

export function sizeInMiB(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(1);
}
