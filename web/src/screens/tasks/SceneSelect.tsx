/** Chooses the scene that a task calls with. */
import { useQuery } from '@tanstack/react-query';
import { scenes as scenesQuery } from '../../api/task_queries';
import { useText } from '../../i18n';
import { Choice } from '../../parts/Choice';
import { Failed } from '../../parts/states';

interface SceneSelectProps {
  /** script_id; empty when none is chosen. */
  value: string;
  onChange: (script: string, name: string) => void;
}

export function SceneSelect({ value, onChange }: SceneSelectProps) {
  const t = useText();
  const scenes = useQuery(scenesQuery);
  if (scenes.isError && !scenes.data) return <Failed error={scenes.error} onRetry={() => void scenes.refetch()} />;
  const options = (scenes.data ?? []).map(({ script_id, scene_name }) => ({ value: script_id, label: scene_name }));
  return (
    <Choice
      label={t('tasks.scene_choose')}
      className="scene-select"
      allowClear
      showSearch={{ optionFilterProp: 'label' }}
      placeholder={t('tasks.scene_choose')}
      notFoundContent={t('tasks.scene_none')}
      loading={scenes.isPending}
      value={value || null}
      options={options}
      onChange={(script: string | null) => onChange(script ?? '', options.find((option) => option.value === script)?.label ?? '')}
    />
  );
}
