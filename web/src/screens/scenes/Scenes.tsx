/** Every scene that tasks may call with. */
import { PlusOutlined } from '@ant-design/icons';
import { useQuery } from '@tanstack/react-query';
import { Tag } from 'antd';
import { scenes as scenesQuery } from '../../api/task_queries';
import type { Scene } from '../../api/types';
import { useDrawers } from '../../app/drawers';
import { useText } from '../../i18n';
import { Failed, Loading, Nothing } from '../../parts/states';
import { WriteButton } from '../../parts/WriteButton';

function SceneCard({ scene }: { scene: Scene }) {
  const t = useText();
  const { open } = useDrawers();
  return (
    <li className="task-card" data-script={scene.script_id}>
      <div className="task-card-head">
        <button
          type="button"
          className="task-card-name"
          aria-label={t('scenes.open', { name: scene.scene_name })}
          title={scene.scene_name}
          onClick={() => open('scene', { scene: scene.script_id })}
        >
          {scene.scene_name}
        </button>
        <Tag color={scene.scene_type === 1 ? 'processing' : 'default'}>{t(`scenes.type_${scene.scene_type}`)}</Tag>
      </div>
      <p className="scene-text">{scene.scene_detail || '–'}</p>
      <p className="hint">
        {t('scenes.bot', { name: scene.bot_name })} · {scene.create_time}
      </p>
    </li>
  );
}

export default function Scenes() {
  const t = useText();
  const { open } = useDrawers();
  const scenes = useQuery(scenesQuery);
  const create = (
    <WriteButton type="primary" icon={<PlusOutlined />} onClick={() => open('new-scene')}>
      {t('scenes.create')}
    </WriteButton>
  );
  return (
    <div className="page">
      <div className="page-head">
        <h1>{t('scenes.title')}</h1>
        {create}
      </div>
      {scenes.isPending && <Loading height={320} />}
      {scenes.isError && <Failed error={scenes.error} onRetry={() => void scenes.refetch()} />}
      {scenes.data?.length === 0 && <Nothing text={t('scenes.none')} />}
      {scenes.data && scenes.data.length > 0 && (
        <ul className="scene-cards">
          {scenes.data.map((scene) => (
            <SceneCard key={scene.id} scene={scene} />
          ))}
        </ul>
      )}
    </div>
  );
}
