/** Writes a new scene. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { App, Form, Input } from 'antd';
import { useState } from 'react';
import { answer, api } from '../../api/client';
import { IdempotencyKeys } from '../../api/idempotency';
import { taskSubjects } from '../../api/task_queries';
import type { DrawerProps } from '../../app/screens';
import { useText } from '../../i18n';
import { SideDrawer } from '../../parts/SideDrawer';
import { Failed } from '../../parts/states';
import { WriteButton } from '../../parts/WriteButton';
import { basicFields, basicNames, dialogueFields, dialogueNames, newSceneOf, requiredFields, type SceneDraft } from './scene_fields';

const longText = 1_000;

function Field({ name, longest }: { name: keyof SceneDraft; longest: number }) {
  const t = useText();
  const required = requiredFields.includes(name);
  return (
    <Form.Item
      name={name}
      label={t(`scenes.${name}`)}
      required={required}
      rules={required ? [{ required: true, whitespace: true, message: t('scenes.required') }] : []}
    >
      {longest > longText ? <Input.TextArea maxLength={longest} rows={3} /> : <Input maxLength={longest} />}
    </Form.Item>
  );
}

export default function SceneCreationDrawer(props: DrawerProps) {
  const t = useText();
  const { message } = App.useApp();
  const queries = useQueryClient();
  const [form] = Form.useForm<SceneDraft>();
  const [keys] = useState(() => new IdempotencyKeys());
  const creation = useMutation({
    mutationFn: (draft: SceneDraft) => {
      const body = newSceneOf(draft);
      return answer(api.POST('/api/create_scene', { body, params: { header: { 'Idempotency-Key': keys.keyFor(body) } } }));
    },
    onSuccess: ({ scene_name }) => {
      keys.done();
      void queries.invalidateQueries({ queryKey: taskSubjects.scenes });
      void message.success(t('scenes.created', { name: scene_name }));
      form.resetFields();
      props.onClose();
    },
  });
  return (
    <SideDrawer
      {...props}
      title={t('scenes.create')}
      width={620}
      extra={
        <WriteButton type="primary" loading={creation.isPending} onClick={() => form.submit()}>
          {t('scenes.create')}
        </WriteButton>
      }
    >
      <Form<SceneDraft> form={form} layout="vertical" scrollToFirstError onFinish={(draft) => creation.mutate(draft)}>
        <div aria-live="polite">{creation.isError && <Failed error={creation.error} />}</div>
        <h3 className="form-part">{t('scenes.basics')}</h3>
        {basicNames.map((name) => (
          <Field key={name} name={name} longest={basicFields[name]} />
        ))}
        <h3 className="form-part">{t('scenes.dialogue')}</h3>
        {dialogueNames.map((name) => (
          <Field key={name} name={name} longest={dialogueFields[name]} />
        ))}
      </Form>
    </SideDrawer>
  );
}
