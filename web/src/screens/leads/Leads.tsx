/** All leads: searched, filtered, page by page, each with its latest follow-up; the choice stands in the address. */
import { FilterOutlined, UploadOutlined } from '@ant-design/icons';
import { useQuery } from '@tanstack/react-query';
import { Badge, Button, Input } from 'antd';
import { useEffect, useState } from 'react';
import { useLiveQueries } from '../../api/live';
import { filterNames, isFiltering, leadFilterOf, noFilter, queryOf, type LeadFilter } from '../../api/lead_filter';
import { leadsOf, leadSubjects } from '../../api/lead_queries';
import { useDrawers } from '../../app/drawers';
import { useText } from '../../i18n';
import { Failed, Loading, Nothing } from '../../parts/states';
import { useSettled } from '../../parts/useSettled';
import { WriteButton } from '../../parts/WriteButton';
import { LeadFilterForm } from './LeadFilterForm';
import { LeadTable } from './LeadTable';
import { leadPageOf } from './lead_view';

const typingPauseMs = 300;
const longestSearch = 100;

function SearchBox({ text, onSearch }: { text: string; onSearch: (text: string) => void }) {
  const t = useText();
  const [typed, setTyped] = useState(text);
  const settled = useSettled(typed, typingPauseMs);
  useEffect(() => {
    if (settled.trim() !== text) onSearch(settled.trim());
    // Only what was typed starts a search; the address changing under it does not.
  }, [settled]);
  return (
    <Input.Search
      allowClear
      className="lead-search"
      value={typed}
      maxLength={longestSearch}
      aria-label={t('leads.search')}
      placeholder={t('leads.search')}
      onChange={({ target }) => setTyped(target.value)}
      onSearch={(value) => onSearch(value.trim())}
    />
  );
}

/** The page of leads that was asked for, or why there is none. */
function LeadList({ choice, filter }: { choice: ReturnType<typeof leadPageOf>; filter: LeadFilter }) {
  const t = useText();
  const { open } = useDrawers();
  const leads = useQuery(leadsOf({ ...choice, filter }));
  useLiveQueries(['follow'], [[...leadSubjects.leads, 'page']]);
  const all = !isFiltering(filter) && choice.text === '';
  const empty = leads.data?.pagination.total === 0;
  const first = (
    <WriteButton type="primary" onClick={() => open('import')}>
      {t('leads.import')}
    </WriteButton>
  );
  return (
    <>
      {leads.isPending && <Loading height={320} />}
      {leads.isError && <Failed error={leads.error} onRetry={() => void leads.refetch()} />}
      {empty && <Nothing text={t(all ? 'leads.none' : 'leads.none_match')} action={all && first} />}
      {leads.data && !empty && <LeadTable page={leads.data} updating={leads.isPlaceholderData} />}
    </>
  );
}

export default function Leads() {
  const t = useText();
  const { search, change, open } = useDrawers();
  const choice = leadPageOf(search);
  const filter = leadFilterOf(search);
  const filtering = isFiltering(filter);
  const [folded, setFolded] = useState(!filtering);
  const choose = (next: LeadFilter): void => {
    change({ ...Object.fromEntries(filterNames.map((name) => [name, null])), ...queryOf(next), p: null });
  };
  return (
    <div className="page">
      <div className="page-head">
        <h1>{t('leads.title')}</h1>
        <WriteButton type="primary" icon={<UploadOutlined />} onClick={() => open('import')}>
          {t('leads.import')}
        </WriteButton>
      </div>
      <section className="panel" aria-label={t('leads.title')}>
        <div className="page-tools">
          <SearchBox text={choice.text} onSearch={(text) => change({ q: text || null, p: null })} />
          <Badge dot={filtering}>
            <Button icon={<FilterOutlined aria-hidden />} aria-expanded={!folded} onClick={() => setFolded(!folded)}>
              {t('leads.filter')}
            </Button>
          </Badge>
          {filtering && (
            <Button type="link" onClick={() => choose(noFilter)}>
              {t('leads.filter_clear')}
            </Button>
          )}
        </div>
        {!folded && <LeadFilterForm filter={filter} onChange={choose} />}
        <LeadList choice={choice} filter={filter} />
      </section>
    </div>
  );
}
