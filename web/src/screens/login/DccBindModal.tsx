/** Binds the user to the organisation of a DCC account: shows its password to the daemon, then associates it. */
import { useMutation } from '@tanstack/react-query';
import { Alert, App, Form, Input, Modal, Typography } from 'antd';
import { answer, api } from '../../api/client';
import { asApiError } from '../../api/errors';
import { queryClient } from '../../app/query_client';
import { session } from '../../app/session';
import { useText } from '../../i18n';

interface DccAccount {
  user_name: string;
  user_password: string;
  user_org_id: string;
}

async function bind(account: DccAccount) {
  const verified = await answer(api.POST('/api/dcc/user/verify', { body: account }));
  const { user_name, user_org_id } = verified.user_info;
  return answer(api.POST('/api/dcc/associate', { body: { dcc_user: user_name, dcc_user_org_id: user_org_id } }));
}

export default function DccBindModal({ onClose }: { onClose: () => void }) {
  const t = useText();
  const [form] = Form.useForm<DccAccount>();
  const { message } = App.useApp();
  const binding = useMutation({
    mutationFn: bind,
    onSuccess: ({ user_info }) => {
      queryClient.clear();
      session.userChanged(user_info);
      void message.success(t('login.bound', { organization: user_info.dcc_user_org_id }));
      onClose();
    },
  });
  const rules = [{ required: true, message: t('login.bind_missing') }];
  return (
    <Modal
      open
      title={t('login.bind_title')}
      okText={t('login.bind_submit')}
      confirmLoading={binding.isPending}
      onOk={() => form.submit()}
      onCancel={onClose}
    >
      <Typography.Paragraph type="secondary">{t('login.bind_intro')}</Typography.Paragraph>
      <div aria-live="polite">
        {binding.isError && <Alert type="error" showIcon title={asApiError(binding.error).message} className="gap-below" />}
      </div>
      <Form<DccAccount> form={form} layout="vertical" requiredMark={false} onFinish={(account) => binding.mutate(account)}>
        <Form.Item name="user_name" label={t('login.bind_user')} rules={rules}>
          <Input autoComplete="off" maxLength={100} />
        </Form.Item>
        <Form.Item name="user_password" label={t('login.bind_password')} rules={rules}>
          <Input.Password autoComplete="off" maxLength={256} />
        </Form.Item>
        <Form.Item name="user_org_id" label={t('login.bind_organization')} rules={rules}>
          <Input autoComplete="off" maxLength={50} onPressEnter={() => form.submit()} />
        </Form.Item>
      </Form>
    </Modal>
  );
}
