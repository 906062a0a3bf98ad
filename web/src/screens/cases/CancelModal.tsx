/** Asks for a reason, then has the provider cancel a call. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Alert, App, Form, Input, Modal } from 'antd';
import { caseSubject } from '../../api/case_calls';
import { answer, api } from '../../api/client';
import { asApiError } from '../../api/errors';
import type { CaseCall } from '../../api/types';
import { useText } from '../../i18n';

interface CancelModalProps {
  call: CaseCall;
  name: string;
  onClose: () => void;
}

export function CancelModal({ call, name, onClose }: CancelModalProps) {
  const t = useText();
  const { message } = App.useApp();
  const queries = useQueryClient();
  const [form] = Form.useForm<{ reason?: string }>();
  const cancel = useMutation({
    mutationFn: (reason: string) =>
      answer(
        api.POST('/api/v1/outbound-bot/task/{jobId}/cancel', {
          params: { path: { jobId: call.jobId } },
          body: { reason: reason || null },
        }),
      ),
    onSuccess: () => {
      void message.success(t('case.cancel_done'));
      onClose();
    },
    onSettled: () => void queries.invalidateQueries({ queryKey: caseSubject }),
  });
  return (
    <Modal
      open
      title={t('case.cancel_of', { name })}
      okText={t('case.cancel')}
      cancelText={t('case.keep')}
      okButtonProps={{ danger: true }}
      confirmLoading={cancel.isPending}
      onOk={() => form.submit()}
      onCancel={onClose}
    >
      <p className="gap-below">{t('case.cancel_text')}</p>
      <div aria-live="polite">
        {cancel.isError && <Alert type="error" showIcon title={asApiError(cancel.error).message} className="gap-below" />}
      </div>
      <Form form={form} layout="vertical" onFinish={({ reason }) => cancel.mutate(reason?.trim() ?? '')}>
        <Form.Item name="reason" label={t('case.cancel_reason')}>
          <Input maxLength={200} onPressEnter={() => form.submit()} />
        </Form.Item>
      </Form>
    </Modal>
  );
}
