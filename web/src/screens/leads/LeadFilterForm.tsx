/** Chooses leads: products and types with how many there are, whether they have been to the shop, and days of follow-ups. */
import { CloseOutlined, PlusOutlined } from '@ant-design/icons';
import { useQuery } from '@tanstack/react-query';
import { Button, Input, Segmented, Skeleton } from 'antd';
import { useId, useState } from 'react';
import { inOrder, timeFields, type DayRange, type LeadFilter, type TimeField } from '../../api/lead_filter';
import { leadCategories, unknownCategories } from '../../api/lead_queries';
import { useText } from '../../i18n';
import { count } from '../../parts/format';
import { Failed } from '../../parts/states';

interface ChipsProps {
  label: string;
  categories: readonly { name: string; count: number }[];
  chosen: readonly string[];
  onChange: (chosen: string[]) => void;
}

function Chips({ label, categories, chosen, onChange }: ChipsProps) {
  const t = useText();
  const id = useId();
  // What the address asks for is shown even when no lead has it.
  const missing = chosen.filter((name) => !categories.some((category) => category.name === name));
  const all = [...categories, ...missing.map((name) => ({ name, count: 0 }))];
  return (
    <div className="filter-row">
      <span id={id} className="filter-label">
        {label}
      </span>
      <div role="group" aria-labelledby={id} className="chips">
        {all.length === 0 && <span className="hint">{t('leads.filter_none')}</span>}
        {all.map((category) => {
          const pressed = chosen.includes(category.name);
          const unknown = unknownCategories.includes(category.name);
          return (
            <button
              key={category.name}
              type="button"
              className="chip"
              aria-pressed={pressed}
              disabled={unknown}
              title={unknown ? t('leads.filter_unknown') : undefined}
              onClick={() => onChange(pressed ? chosen.filter((name) => name !== category.name) : [...chosen, category.name])}
            >
              {unknown ? t('leads.unknown') : category.name} <b>{count(category.count)}</b>
            </button>
          );
        })}
      </div>
    </div>
  );
}

/** Ranges of days of one field; several are alternatives. */
function Days({ field, ranges, onChange }: { field: TimeField; ranges: readonly DayRange[]; onChange: (ranges: DayRange[]) => void }) {
  const t = useText();
  const id = useId();
  const [draft, setDraft] = useState<DayRange>({ start: '', end: '' });
  const name = t(`leads.${field}`);
  const add = (): void => {
    onChange([...ranges, inOrder(draft)]);
    setDraft({ start: '', end: '' });
  };
  return (
    <div className="filter-row" data-field={field}>
      <span id={id} className="filter-label">
        {name}
      </span>
      <div role="group" aria-labelledby={id} className="days">
        {ranges.map(({ start, end }, place) => (
          <span key={`${start},${end},${place}`} className="day-range">
            {start || '…'} – {end || '…'}
            <button
              type="button"
              aria-label={t('leads.range_remove', { field: name, range: `${start} – ${end}` })}
              onClick={() => onChange(ranges.filter((_, other) => other !== place))}
            >
              <CloseOutlined aria-hidden />
            </button>
          </span>
        ))}
        <span className="day-inputs">
          <Input
            type="date"
            aria-label={t('leads.range_start', { field: name })}
            value={draft.start}
            max="9999-12-31"
            onChange={({ target }) => setDraft({ ...draft, start: target.value })}
          />
          <span aria-hidden>–</span>
          <Input
            type="date"
            aria-label={t('leads.range_end', { field: name })}
            value={draft.end}
            max="9999-12-31"
            onChange={({ target }) => setDraft({ ...draft, end: target.value })}
          />
          <Button
            icon={<PlusOutlined />}
            disabled={!draft.start && !draft.end}
            aria-label={t('leads.range_add', { field: name })}
            onClick={add}
          />
        </span>
      </div>
    </div>
  );
}

export function LeadFilterForm({ filter, onChange }: { filter: LeadFilter; onChange: (filter: LeadFilter) => void }) {
  const t = useText();
  const categories = useQuery(leadCategories);
  if (categories.isPending) return <Skeleton active title={false} paragraph={{ rows: 4 }} />;
  if (categories.isError && !categories.data) return <Failed error={categories.error} onRetry={() => void categories.refetch()} />;
  const { products, types } = categories.data;
  return (
    <div className="lead-filter">
      <Chips label={t('leads.product')} categories={products} chosen={filter.products} onChange={(chosen) => onChange({ ...filter, products: chosen })} />
      <Chips label={t('leads.type')} categories={types} chosen={filter.types} onChange={(chosen) => onChange({ ...filter, types: chosen })} />
      <div className="filter-row">
        <span className="filter-label">{t('leads.arrived')}</span>
        <Segmented
          aria-label={t('leads.arrived')}
          value={filter.arrived === null ? 'all' : String(filter.arrived)}
          onChange={(value) => onChange({ ...filter, arrived: value === 'all' ? null : value === '1' ? 1 : 0 })}
          options={[
            { value: 'all', label: t('leads.arrived_all') },
            { value: '1', label: t('leads.arrived_1') },
            { value: '0', label: t('leads.arrived_0') },
          ]}
        />
      </div>
      {timeFields.map((field) => (
        <Days
          key={field}
          field={field}
          ranges={filter.ranges[field]}
          onChange={(ranges) => onChange({ ...filter, ranges: { ...filter.ranges, [field]: ranges } })}
        />
      ))}
    </div>
  );
}
