/** One call: who, how it went, its follow-up, recording and conversation, everything that happened to it, and why it waits. */
import { CustomerServiceOutlined } from '@ant-design/icons';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { App, Button, Skeleton, Timeline } from 'antd';
import { answer, api } from '../../api/client';
import { asApiError } from '../../api/errors';
import { useLiveQueries } from '../../api/live';
import { callsOf, subjects } from '../../api/queries';
import type { CallJob } from '../../api/types';
import { useDrawers } from '../../app/drawers';
import type { DrawerProps } from '../../app/screens';
import { useText } from '../../i18n';
import { Conversation, Facts, Part } from '../../parts/call_parts';
import { clock, dayAndTime } from '../../parts/format';
import { SideDrawer } from '../../parts/SideDrawer';
import { Failed, Loading, Nothing } from '../../parts/states';
import { InterestTag, StatusCell } from './CallTable';
import { filterOf, lastAttempt, linesOf, taskIdOf } from './call_view';
import { Reasons } from './Reasons';

/** The player, once there is a link; links are signed for a while, so they are asked for when wanted. */
function Recording({ call, taskId }: { call: CallJob; taskId: number }) {
  const t = useText();
  const queries = useQueryClient();
  const { search } = useDrawers();
  const { message } = App.useApp();
  const filter = filterOf(search);
  const link = useMutation({
    mutationFn: () =>
      answer(
        api.POST('/api/query-task-execution', {
          body: {
            task_id: taskId,
            page: filter.page,
            page_size: filter.pageSize,
            only_followed: filter.onlyFollowed,
            interest: filter.interest,
            skip_recording: false,
            apply_update: false,
          },
        }),
      ),
    onSuccess: (page) => {
      queries.setQueryData(callsOf(taskId, filter).queryKey, page);
      if (!page.jobs_data.find((other) => other.row_id === call.row_id)?.RecordingUrl) void message.info(t('call.recording_none'));
    },
    onError: (thrown) => void message.error(asApiError(thrown).message),
  });
  const name = call.LeadsName || t('calls.unnamed');
  if (call.RecordingUrl) {
    return (
      // The conversation beside it says the same in words.
      <audio controls preload="none" src={call.RecordingUrl} aria-label={t('call.recording_player', { name })} className="player" />
    );
  }
  if (call.Status !== 'Succeeded') return <p className="hint">{t('call.recording_none')}</p>;
  return (
    <Button icon={<CustomerServiceOutlined />} loading={link.isPending} onClick={() => link.mutate()}>
      {t('call.recording_get')}
    </Button>
  );
}

function History({ call }: { call: CallJob }) {
  const t = useText();
  const timeline = useQuery({
    queryKey: [...subjects.call(call.row_id), 'timeline'],
    queryFn: ({ signal }) =>
      answer(api.GET('/api/jobs/{id}/timeline', { params: { path: { id: String(call.row_id) } }, signal })),
  });
  if (timeline.isPending) return <Skeleton active title={false} />;
  if (timeline.isError) return <Failed error={timeline.error} onRetry={() => void timeline.refetch()} />;
  if (timeline.data.items.length === 0) return <p className="hint">{t('call.timeline_none')}</p>;
  return (
    <Timeline
      className="history"
      items={timeline.data.items.map(({ at, event, cause, details }) => ({
        color: event === 'batch_failed' || event === 'parked' ? 'red' : 'blue',
        content: (
          <div data-event={event}>
            <b>{t(`event.${event}`)}</b> <time className="hint">{at}</time>
            {cause && <div className="hint">{cause}</div>}
            {details.message && <div className="hint">{details.message}</div>}
          </div>
        ),
      }))}
    />
  );
}

function Waits({ call }: { call: CallJob }) {
  const t = useText();
  const why = useQuery({
    queryKey: [...subjects.call(call.row_id), 'why'],
    queryFn: ({ signal }) => answer(api.GET('/api/jobs/{id}/why', { params: { path: { id: String(call.row_id) } }, signal })),
  });
  if (why.isPending) return <Skeleton active title={false} paragraph={{ rows: 1 }} />;
  if (why.isError) return <Failed error={why.error} onRetry={() => void why.refetch()} />;
  if (!why.data.waiting || why.data.reasons.length === 0) return <p className="hint">{t('call.waits_not')}</p>;
  return (
    <>
      <Reasons reasons={why.data.reasons} />
      {why.data.next_look && <p className="hint">{t('call.next_look', { time: why.data.next_look })}</p>}
    </>
  );
}

function CallContent({ call, taskId }: { call: CallJob; taskId: number }) {
  const t = useText();
  const attempt = lastAttempt(call);
  useLiveQueries(['job', 'follow'], [subjects.call(call.row_id)], (event) => event.job_id === call.row_id);
  const dialled = attempt?.ActualTime || attempt?.PlanedTime || 0;
  return (
    <>
      <div className="call-head">
        <StatusCell call={call} />
        <InterestTag call={call} />
      </div>
      <Facts
        facts={[
          [t('call.phone'), call.LeadsPhone],
          [t('call.calling_number'), call.calling_number || attempt?.CallingNumber],
          [t('call.dialled_at'), dialled > 0 && dayAndTime(dialled)],
          [t('calls.duration'), attempt && attempt.Duration > 0 && clock(attempt.Duration)],
          [t('call.disposition'), call.DispositionText],
        ]}
      />
      <Part title={t('call.follow_up')}>
        {call.follow_data ? (
          <Facts
            facts={[
              [t('call.remark'), call.follow_data.leads_remark],
              [t('call.follow_time'), call.follow_data.follow_time],
              [t('call.next_follow_time'), call.follow_data.next_follow_time],
            ]}
          />
        ) : (
          <p className="hint">{t('call.follow_up_none')}</p>
        )}
      </Part>
      <Part title={t('call.transcript')}>
        <Conversation lines={linesOf(call)} />
      </Part>
      <Part title={t('call.recording')}>
        <Recording call={call} taskId={taskId} />
      </Part>
      <Part title={t('call.waits')}>
        <Waits call={call} />
      </Part>
      <Part title={t('call.timeline')}>
        <History call={call} />
      </Part>
    </>
  );
}

export default function CallDrawer(props: DrawerProps) {
  const t = useText();
  const { search } = useDrawers();
  const taskId = taskIdOf(search);
  const rowId = Number(search.get('call'));
  const page = useQuery({ ...callsOf(taskId, filterOf(search)), enabled: props.open && taskId > 0 });
  const call = page.data?.jobs_data.find((other) => other.row_id === rowId);
  return (
    <SideDrawer {...props} title={t('call.title', { name: call?.LeadsName || t('calls.unnamed') })} width={620}>
      {page.isPending && <Loading />}
      {page.isError && !page.data && <Failed error={page.error} onRetry={() => void page.refetch()} />}
      {page.data && !call && <Nothing text={t('call.not_on_page')} />}
      {call && <CallContent key={call.row_id} call={call} taskId={taskId} />}
    </SideDrawer>
  );
}
