/** Makes a task: chooses leads with their number kept current, previews whom it would call, names it, leads on to it. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { App, Button, Input } from 'antd';
import { useId, useState } from 'react';
import { answer, api } from '../../api/client';
import { asApiError } from '../../api/errors';
import { IdempotencyKeys } from '../../api/idempotency';
import { bodyOf, noFilter, type LeadFilter } from '../../api/lead_filter';
import { leadCountOf } from '../../api/lead_queries';
import { subjects } from '../../api/queries';
import { useDrawers } from '../../app/drawers';
import type { DrawerProps } from '../../app/screens';
import { useText } from '../../i18n';
import { Part } from '../../parts/call_parts';
import { count } from '../../parts/format';
import { SideDrawer } from '../../parts/SideDrawer';
import { Failed } from '../../parts/states';
import { useSettled } from '../../parts/useSettled';
import { WriteButton } from '../../parts/WriteButton';
import { LeadFilterForm } from '../leads/LeadFilterForm';
import { Preview, type PreviewResult } from './Preview';
import { SceneSelect } from './SceneSelect';
import { isName, longestName } from './task_view';

const countPauseMs = 250;

interface Draft {
  name: string;
  script: string;
  filter: LeadFilter;
}

const emptyDraft: Draft = { name: '', script: '', filter: noFilter };

function newTaskOf({ name, script, filter }: Draft) {
  return { task_name: name.trim(), script_id: script, size_desc: bodyOf(filter) };
}

async function preview(draft: Draft): Promise<PreviewResult> {
  // A preview needs no name yet; the daemon asks for one.
  const body = { ...newTaskOf(draft), task_name: draft.name.trim() || '-' };
  const data = await answer(api.POST('/api/create-autoCall-tasks', { body, params: { query: { dry_run: 'true' } } }));
  if (!('dry_run' in data)) throw new TypeError('the preview made a task');
  return data;
}

function Matching({ filter }: { filter: LeadFilter }) {
  const t = useText();
  const settled = useSettled(filter, countPauseMs);
  const leads = useQuery(leadCountOf(settled));
  const counting = leads.isPlaceholderData || leads.isPending || settled !== filter;
  return (
    <p className="matching" role="status" data-counting={counting}>
      {t('tasks.matching')} <b>{leads.data === undefined ? '–' : count(leads.data)}</b>
      {counting && !leads.isError && <span className="hint"> {t('tasks.counting')}</span>}
      {leads.isError && <span className="hint"> {asApiError(leads.error).message}</span>}
    </p>
  );
}

/** The mutations of the drawer: a preview, remembered with what it was of, and the creation. */
function useCreation(draft: Draft, onCreated: (taskId: number) => void) {
  const t = useText();
  const { message } = App.useApp();
  const queries = useQueryClient();
  const [keys] = useState(() => new IdempotencyKeys());
  const looking = useMutation({ mutationFn: preview });
  const creation = useMutation({
    mutationFn: async () => {
      const body = newTaskOf(draft);
      const params = { header: { 'Idempotency-Key': keys.keyFor(body) } };
      const made = await answer(api.POST('/api/create-autoCall-tasks', { body, params }));
      if (!('task_id' in made)) throw new TypeError('no task was made');
      return made;
    },
    onSuccess: ({ task_id, task_name, leads_count }) => {
      keys.done();
      for (const queryKey of [subjects.tasks, subjects.taskCounts]) void queries.invalidateQueries({ queryKey });
      void message.success(t('tasks.created', { name: task_name, count: count(leads_count) }));
      looking.reset();
      onCreated(task_id);
    },
  });
  return { looking, creation };
}

function Name({ name, onChange }: { name: string; onChange: (name: string) => void }) {
  const t = useText();
  const id = useId();
  return (
    <label className="labelled" htmlFor={id}>
      <span>{t('tasks.name')}</span>
      <Input
        id={id}
        value={name}
        count={{ max: longestName, show: true, strategy: (text) => [...text].length }}
        placeholder={t('tasks.name_hint')}
        onChange={({ target }) => onChange(target.value)}
      />
    </label>
  );
}

export default function TaskCreationDrawer(props: DrawerProps) {
  const t = useText();
  const { instead } = useDrawers();
  const [draft, setDraft] = useState(emptyDraft);
  const change = (part: Partial<Draft>): void => setDraft((now) => ({ ...now, ...part }));
  const { looking, creation } = useCreation(draft, (task) => {
    setDraft(emptyDraft);
    instead('create', 'task', { task });
  });
  const failure = creation.error ?? looking.error;
  return (
    <SideDrawer {...props} title={t('tasks.create')} width={720}>
      <Name name={draft.name} onChange={(name) => change({ name })} />
      <div className="labelled">
        <span>{t('tasks.scene')}</span>
        <SceneSelect value={draft.script} onChange={(script) => change({ script })} />
      </div>
      <Part title={t('tasks.who')}>
        {props.open && <LeadFilterForm filter={draft.filter} onChange={(filter) => change({ filter })} />}
        {props.open && <Matching filter={draft.filter} />}
      </Part>
      <div aria-live="polite">
        {failure && <Failed error={failure} />}
        {looking.isSuccess && <Preview preview={looking.data} old={looking.variables.filter !== draft.filter} />}
      </div>
      <div className="drawer-foot">
        <WriteButton
          loading={looking.isPending}
          onClick={() => {
            creation.reset();
            looking.mutate(draft);
          }}
        >
          {t('tasks.preview')}
        </WriteButton>
        <WriteButton type="primary" disabled={!isName(draft.name)} loading={creation.isPending} onClick={() => creation.mutate()}>
          {t('tasks.submit')}
        </WriteButton>
        <Button onClick={props.onClose}>{t('action.cancel')}</Button>
      </div>
    </SideDrawer>
  );
}
