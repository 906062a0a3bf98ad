/** Makes a DCC account. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Alert, App, Form, Input, Modal } from 'antd';
import { answer, api } from '../../api/client';
import { asApiError } from '../../api/errors';
import { useText } from '../../i18n';
import { adminSubjects } from './queries';

interface Wish {
  user_name: string;
  user_password: string;
  user_org_id: string;
}

export function NewAccount({ onClose }: { onClose: () => void }) {
  const t = useText();
  const { message } = App.useApp();
  const queries = useQueryClient();
  const [form] = Form.useForm<Wish>();
  const making = useMutation({
    mutationFn: (wish: Wish) => answer(api.POST('/api/dcc/user/create', { body: wish })),
    onSuccess: ({ user_name }) => {
      void message.success(t('admin.account_made', { name: user_name }));
      onClose();
    },
    onSettled: () => void queries.invalidateQueries({ queryKey: adminSubjects.accounts }),
  });
  const required = { required: true, message: t('admin.missing') };
  return (
    <Modal
      open
      title={t('admin.account_new')}
      okText={t('action.confirm')}
      cancelText={t('action.cancel')}
      confirmLoading={making.isPending}
      onOk={() => form.submit()}
      onCancel={onClose}
    >
      <div aria-live="polite">
        {making.isError && <Alert type="error" showIcon title={asApiError(making.error).message} className="gap-below" />}
      </div>
      <Form<Wish> form={form} layout="vertical" requiredMark={false} onFinish={(wish) => making.mutate(wish)}>
        <Form.Item name="user_name" label={t('admin.account_name')} rules={[required]}>
          <Input autoComplete="off" maxLength={100} />
        </Form.Item>
        <Form.Item
          name="user_password"
          label={t('admin.account_password')}
          rules={[required, { min: 8, message: t('admin.password_short') }]}
        >
          <Input.Password autoComplete="new-password" maxLength={200} />
        </Form.Item>
        <Form.Item name="user_org_id" label={t('admin.account_organization')} rules={[required]}>
          <Input autoComplete="off" maxLength={50} onPressEnter={() => form.submit()} />
        </Form.Item>
      </Form>
    </Modal>
  );
}
