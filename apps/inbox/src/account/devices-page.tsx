import { IonList } from '@ionic/react';
import { phonePortraitOutline } from 'ionicons/icons';
import type { Device } from '../api/types.ts';
import { registeredDevice } from '../notifications/push-store.ts';
import { ROUTES, SETTINGS } from '../routes.ts';
import { useTexts } from '../texts/texts-context.tsx';
import { LoadError } from '../theme/load-error.tsx';
import { PageState } from '../theme/page-state.tsx';
import { SkeletonRows } from '../theme/skeleton-rows.tsx';
import { SubPage } from '../theme/sub-page.tsx';
import { useNote } from '../theme/use-note.ts';
import { useNow } from '../theme/use-now.ts';
import { Row } from './row.tsx';
import { useDevices, useRemoveDevice } from './use-account.ts';
import { when } from './when.ts';
import './account.css';

const MINUTE_MS = 60_000;

/** What the reader's messages are sent to, and what each said last. */
export function DevicesPage() {
  const { account: texts } = useTexts();
  return (
    <SubPage title={texts.devices} above={ROUTES.settings}>
      <DevicesList />
    </SubPage>
  );
}

function DevicesList() {
  const { account: texts } = useTexts();
  const devices = useDevices();
  if (devices.isPending) return <SkeletonRows count={3} />;
  if (!devices.data)
    return (
      <LoadError title={texts.devicesFailed} error={devices.error} onRetry={() => void devices.refetch()} />
    );
  if (devices.data.length === 0)
    return (
      <PageState
        icon={phonePortraitOutline}
        title={texts.noDevices}
        hint={texts.noDevicesHint}
        action={{ label: texts.pair, routerLink: SETTINGS.pair }}
      />
    );
  return (
    <>
      <p className="list-lead">{texts.devicesLead}</p>
      <IonList aria-label={texts.devices} lines="none">
        {devices.data.map((device) => (
          <DeviceRow key={device.id} device={device} />
        ))}
      </IonList>
    </>
  );
}

function DeviceRow({ device }: { readonly device: Device }) {
  const texts = useTexts();
  const note = useNote();
  const remove = useRemoveDevice();
  const now = useNow(MINUTE_MS);
  const { account } = texts;
  const name =
    device.name || account.kinds[device.kind as keyof typeof account.kinds] || account.unknownDevice;
  const said = when(device.lastReceiptAt, now, document.documentElement.lang, texts);
  const state = device.goneAt
    ? account.gone
    : device.lastReceipt
      ? account.receipt[device.lastReceipt](said)
      : account.noReceipt;
  const isHere = device.id === registeredDevice();
  const action = {
    label: account.remove,
    name: account.removeOf(name),
    question: account.removeQuestion(name),
    hint: account.removeHint,
    onConfirm: () => remove.mutate(device.id, { onError: () => note(texts.common.failed, 'failed') }),
  };
  // This browser is turned off in the settings, where it also forgets its own side.
  return (
    <Row title={name} mark={isHere ? account.thisOne : null} lines={[state]} {...(!isHere && { action })} />
  );
}
