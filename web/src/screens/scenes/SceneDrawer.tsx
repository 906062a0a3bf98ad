/** One scene: robot, dialogue, tags. */
import { useQuery } from '@tanstack/react-query';
import { Tag } from 'antd';
import { scenes as scenesQuery } from '../../api/task_queries';
import type { Scene } from '../../api/types';
import { useDrawers } from '../../app/drawers';
import type { DrawerProps } from '../../app/screens';
import { useText } from '../../i18n';
import { Facts, Part } from '../../parts/call_parts';
import { SideDrawer } from '../../parts/SideDrawer';
import { Failed, Loading, Nothing } from '../../parts/states';
import { basicNames, dialogueNames } from './scene_fields';

function Content({ scene }: { scene: Scene }) {
  const t = useText();
  const written = dialogueNames.filter((name) => scene[name] !== '');
  return (
    <>
      <Facts
        facts={[
          [t('scenes.script_id'), scene.script_id],
          ...basicNames.map((name) => [t(`scenes.${name}`), scene[name]] as const),
          [t('scenes.created_at'), scene.create_time],
        ]}
      />
      {written.map((name) => (
        <Part key={name} title={t(`scenes.${name}`)}>
          <p className="scene-text">{scene[name]}</p>
        </Part>
      ))}
      {scene.scene_tags.length > 0 && (
        <Part title={t('scenes.tags')}>
          {scene.scene_tags.map(({ tag_name, tag_detail, tags }) => (
            <p key={tag_name} className="scene-tags">
              <b>{tag_name}</b> {tag_detail && <span className="hint">{tag_detail}</span>}
              {tags.split(',').filter(Boolean).map((word) => (
                <Tag key={word}>{word}</Tag>
              ))}
            </p>
          ))}
        </Part>
      )}
    </>
  );
}

export default function SceneDrawer(props: DrawerProps) {
  const t = useText();
  const { search } = useDrawers();
  const id = search.get('scene') ?? '';
  const scenes = useQuery({ ...scenesQuery, enabled: props.open });
  const scene = scenes.data?.find(({ script_id }) => script_id === id);
  return (
    <SideDrawer {...props} title={t('scenes.detail', { name: scene?.scene_name ?? id })} width={620}>
      {scenes.isPending && <Loading />}
      {scenes.isError && <Failed error={scenes.error} onRetry={() => void scenes.refetch()} />}
      {scenes.isSuccess && !scene && <Nothing text={t('scenes.not_found')} />}
      {scene && <Content scene={scene} />}
    </SideDrawer>
  );
}
