/** A page of many rows, opened by a click, and the bar that leads to other pages. */
import { Pagination, Table, type TableColumnsType } from 'antd';
import { useText } from '../i18n';
import { named } from './Choice';

/** As many rows as are drawn without a virtual table at no cost. */
const fewRows = 20;

interface PageTableProps<Row> {
  label: string;
  rowKey: keyof Row & string;
  columns: TableColumnsType<Row>;
  rows: readonly Row[];
  updating: boolean;
  /** Size of a virtual table, px: as wide as its columns, as high as there is room. */
  scroll: { x: number; y: number };
  onOpen: (row: Row) => void;
}

export function PageTable<Row extends object>({ label, rowKey, columns, rows, updating, scroll, onOpen }: PageTableProps<Row>) {
  const virtual = rows.length > fewRows;
  return (
    <Table<Row>
      aria-label={label}
      rowKey={rowKey}
      size="middle"
      tableLayout="fixed"
      className="call-table"
      columns={columns}
      dataSource={rows as Row[]}
      loading={updating}
      pagination={false}
      virtual={virtual}
      {...(virtual ? { scroll } : {})}
      onRow={(row) => ({ onClick: () => onOpen(row) })}
    />
  );
}

interface PageBarProps {
  /** Whether there is room for more than arrows. */
  wide: boolean;
  page: number;
  pageSize: number;
  total: number;
  pageSizes: readonly number[];
  totalText: (total: number) => string;
  /** `page` is null when the size changed: pages of another size begin at the first one. */
  onPage: (page: number | null, size: number) => void;
}

export function PageBar({ wide, page, pageSize, total, pageSizes, totalText, onPage }: PageBarProps) {
  const t = useText();
  return (
    <Pagination
      className="calls-pages"
      size={wide ? 'middle' : 'small'}
      simple={!wide}
      align="end"
      current={page}
      pageSize={pageSize}
      total={total}
      showSizeChanger={wide && named(t('list.page_size'))}
      pageSizeOptions={[...pageSizes]}
      showTotal={totalText}
      onChange={(next, size) => onPage(size === pageSize ? next : null, size)}
    />
  );
}
