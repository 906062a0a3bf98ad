/**
 * All calls of a task in one list, however many: only the rows in sight are drawn, and only their pages are fetched, once
 * scrolling rests for a moment.
 */
import { useQueries } from '@tanstack/react-query';
import { memo, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { callsOf, type CallFilter } from '../../api/queries';
import type { CallJob, ExecutionPage } from '../../api/types';
import { useText } from '../../i18n';
import { count } from '../../parts/format';
import { Failed, Nothing } from '../../parts/states';
import { useSettled } from '../../parts/useSettled';
import { durationOf, FollowCell, InterestTag, LeadButton, StatusCell } from './CallTable';
import { blockSize, pagesOf, rowHeight, sightOf } from './scroll_window';

const listHeight = 480;
const restMs = 80;
/** Pages that went out of sight are kept for as long. */
const keptMs = 20_000;

/** The calls of these pages by their place in the list. */
function useRows(taskId: number, filter: CallFilter, pages: readonly number[]) {
  return useQueries({
    queries: pages.map((page) => ({
      ...callsOf(taskId, { ...filter, page, pageSize: blockSize }),
      // A page that is not there yet is not another one.
      placeholderData: undefined,
      gcTime: keptMs,
    })),
    combine: (results) => {
      const rows = new Map<number, CallJob>();
      results.forEach((result, place) => {
        const begin = ((pages[place] ?? 1) - 1) * blockSize;
        result.data?.jobs_data.forEach((call, offset) => rows.set(begin + offset, call));
      });
      const failed = results.find((result) => result.isError && !result.data);
      return { rows, error: failed?.error, retry: () => void failed?.refetch() };
    },
  });
}

const Row = memo(function Row({ call, place }: { call: CallJob | undefined; place: number }) {
  const page = Math.floor(place / blockSize) + 1;
  return (
    <div role="row" aria-rowindex={place + 2} className="scroll-row" style={{ top: place * rowHeight, height: rowHeight }} data-place={place}>
      {call ? (
        <>
          <div role="cell">
            <LeadButton call={call} place={{ page, size: blockSize }} />
          </div>
          <div role="cell">
            <StatusCell call={call} />
          </div>
          <div role="cell">{durationOf(call)}</div>
          <div role="cell">
            <InterestTag call={call} />
          </div>
          <div role="cell">
            <FollowCell call={call} />
          </div>
        </>
      ) : (
        <div role="cell" className="scroll-wait" />
      )}
    </div>
  );
});

export function CallScroll({ taskId, page, filter }: { taskId: number; page: ExecutionPage; filter: CallFilter }) {
  const t = useText();
  const box = useRef<HTMLDivElement>(null);
  const total = page.pagination.total_count;
  // A reload begins where the call that was looked at is.
  const [top, setTop] = useState(() => (filter.page - 1) * filter.pageSize * rowHeight);
  const sight = sightOf(top, listHeight, total);
  const wanted = useSettled(pagesOf(sight).join(','), restMs);
  const pages = useMemo(() => wanted.split(',').map(Number), [wanted]);
  const { rows, error, retry } = useRows(taskId, filter, pages);
  useLayoutEffect(() => {
    if (box.current) box.current.scrollTop = top;
    // Only where it begins.
  }, []);
  if (total === 0) return <Nothing text={t('calls.none')} />;
  const drawn = Array.from({ length: Math.max(0, sight.last - sight.first + 1) }, (_, offset) => sight.first + offset);
  return (
    <>
      {Boolean(error) && <Failed error={error} onRetry={retry} />}
      <div
        ref={box}
        className="call-scroll"
        role="table"
        tabIndex={0}
        aria-label={t('calls.table')}
        aria-rowcount={total + 1}
        style={{ height: listHeight }}
        onScroll={({ currentTarget }) => setTop(currentTarget.scrollTop)}
      >
        <div role="row" aria-rowindex={1} className="scroll-row scroll-head">
          {(['lead', 'status', 'duration', 'interest', 'follow_up'] as const).map((name) => (
            <div key={name} role="columnheader">
              {t(`calls.${name}`)}
            </div>
          ))}
        </div>
        <div role="rowgroup" className="scroll-rows" style={{ height: total * rowHeight }}>
          {drawn.map((place) => (
            <Row key={place} place={place} call={rows.get(place)} />
          ))}
        </div>
      </div>
      <p className="hint">{t('calls.page_total', { count: count(total) })}</p>
    </>
  );
}
