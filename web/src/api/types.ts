/** Short names for what the generated client calls by path. Times are texts in the installation's zone unless they say ms. */
import type { components, operations } from './schema';

type Schemas = components['schemas'];

/** `data` of an operation's success with status 200. */
type DataOf<Name extends keyof operations> = operations[Name]['responses'] extends {
  200: { content: { 'application/json': infer Body } };
}
  ? Body extends { status: 'success'; data: infer Data }
    ? Data
    : never
  : never;

export type TaskType = Schemas['TaskType'];
export type Interest = Schemas['Interest'];
export type CallJob = Schemas['CallJob'];
export type Attempt = Schemas['Attempt'];
export type ExecutionPage = Schemas['ExecutionPage'];
export type GroupProgress = Schemas['GroupProgress'];
export type WaitReason = Schemas['WaitReason'];
export type TaskPage = DataOf<'list_tasks'>;
export type TaskItem = TaskPage['items'][number];
export type TaskTypeCounts = DataOf<'task_type_counts'>;
export type GroupState = DataOf<'describe_group'>;
export type InterestCounts = DataOf<'interest_statistics'>;
export type CallTimeline = DataOf<'call_timeline'>;
export type CallReasons = DataOf<'explain_call'>;
export type TaskReasons = DataOf<'explain_task'>;
export type AutoTask = DataOf<'switch_auto_task'>;

// The client leaves out what is never anything but null.
export type CaseCall = Omit<Schemas['CaseCall'], 'result'>;
export type CaseCallEntry = Omit<Schemas['CaseCallEntry'], 'result'>;
export type CaseCallType = Schemas['CaseCallType'];
export type CaseParty = Schemas['CaseParty'];
export type CaseRecord = Omit<DataOf<'show_case'>, 'calls'> & { calls: CaseCall[] };
export type DccAccount = DataOf<'list_dcc_users'>['items'][number];
export type UserRole = Schemas['UserRole'];
export type UserPage = DataOf<'list_users'>;
export type User = Schemas['UserInfo'];
export type Organization = Schemas['Organization'];
export type ClusterNode = DataOf<'show_cluster'>['nodes'][number];
export type DayOutcomes = DataOf<'outcomes_of_day'>;
export type Outcome = DayOutcomes['outcomes'][number]['outcome'];
/** What calls can be filtered by: an outcome, or that they have not ended. */
export type OutcomeFilter = Outcome | 'unfinished';
export type LeadGroup = Schemas['LeadGroups'][number];
export type LeadPage = DataOf<'list_leads'>;
export type LeadItem = LeadPage['items'][number];
export type Lead = DataOf<'show_lead'>;
export type Follow = Schemas['Follow'];
export type Scene = Schemas['Scene'];
export type ImportVerdict = Schemas['ImportVerdict'];
export type ExecutionRun = DataOf<'show_execution_run'>;
export type Diagnosis = Schemas['Diagnosis'];
