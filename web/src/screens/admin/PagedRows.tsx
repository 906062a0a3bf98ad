/** Rows of a list that is asked for page by page, with what stands in their place until there are any. */
import type { UseQueryResult } from '@tanstack/react-query';
import { Pagination } from 'antd';
import type { ReactNode } from 'react';
import { Failed, Loading, Nothing } from '../../parts/states';

interface Page<Row> {
  items: readonly Row[];
  pagination: { page: number; page_size: number; total: number };
}

interface PagedRowsProps<Row> {
  of: UseQueryResult<Page<Row>>;
  /** Said when there is none. */
  none: string;
  /** An `<li>` with its key. */
  row: (of: Row) => ReactNode;
  onPage: (page: number) => void;
}

export function PagedRows<Row>({ of, none, row, onPage }: PagedRowsProps<Row>) {
  const page = of.data;
  return (
    <>
      {of.isPending && <Loading />}
      {of.isError && <Failed error={of.error} onRetry={() => void of.refetch()} />}
      {page?.items.length === 0 && <Nothing text={none} />}
      {page && page.items.length > 0 && (
        <>
          <ul className="admin-rows">{page.items.map(row)}</ul>
          <Pagination
            className="calls-pages"
            simple
            align="end"
            hideOnSinglePage
            current={page.pagination.page}
            pageSize={page.pagination.page_size}
            total={page.pagination.total}
            onChange={onPage}
          />
        </>
      )}
    </>
  );
}
