import { IonButton, IonSpinner } from '@ionic/react';
import { useState } from 'react';
import type { OneTimeLink } from '../api/types.ts';
import { ROUTES } from '../routes.ts';
import { useSignedIn } from '../session/session-context.tsx';
import { useTexts } from '../texts/texts-context.tsx';
import { SubPage } from '../theme/sub-page.tsx';
import { useNote } from '../theme/use-note.ts';
import { useNow } from '../theme/use-now.ts';
import { remaining } from './remaining.ts';
import './account.css';

/** A QR code that signs a phone in to this account. */
export function PairPage() {
  const { account: texts } = useTexts();
  return (
    <SubPage title={texts.pair} above={ROUTES.settings}>
      <section className="pair">
        <p>{texts.pairLead}</p>
        <PairCode />
      </section>
    </SubPage>
  );
}

/** Made only when it is asked for: a code on the screen is a key to the account. */
function PairCode() {
  const { account: texts, common } = useTexts();
  const { api } = useSignedIn();
  const note = useNote();
  const [link, setLink] = useState<OneTimeLink | null>(null);
  const [isBusy, setBusy] = useState(false);
  const make = async () => {
    setBusy(true);
    try {
      setLink(await api.pair());
    } catch {
      note(common.failed, 'failed');
    } finally {
      setBusy(false);
    }
  };
  const now = useNow(1_000);
  const left = link && remaining(link.expiresAt, now);
  const label = link ? texts.anotherCode : texts.showCode;
  return (
    <>
      <div className="pair-frame">
        {link && left ? <Picture link={link} /> : <p>{link ? texts.codeEnded : texts.codeHint}</p>}
      </div>
      <p className="pair-countdown" role="timer">
        {left && texts.codeLasts(left)}
      </p>
      <div className="account-buttons pair-buttons">
        <IonButton
          fill={left ? 'outline' : 'solid'}
          disabled={isBusy}
          aria-busy={isBusy}
          onClick={() => void make()}
        >
          {label}
          {isBusy && <IonSpinner slot="end" name="crescent" aria-hidden="true" />}
        </IonButton>
        <CopyButton url={link && left ? link.url : null} />
      </div>
      <p className="pair-warning">{texts.pairWarning}</p>
    </>
  );
}

/** The server drew it; as an image it can hold nothing that runs. */
function Picture({ link }: { readonly link: OneTimeLink }) {
  const { account: texts } = useTexts();
  return (
    <img
      src={`data:image/svg+xml,${encodeURIComponent(link.qr)}`}
      alt={texts.codeAlt}
      width="248"
      height="248"
    />
  );
}

function CopyButton({ url }: { readonly url: string | null }) {
  const { account: texts } = useTexts();
  const note = useNote();
  const copy = async (text: string) => {
    try {
      await navigator.clipboard.writeText(text);
      note(texts.copied);
    } catch {
      note(texts.copyFailed, 'failed');
    }
  };
  // Without HTTPS browsers have no clipboard.
  if (!navigator.clipboard) return null;
  return (
    <IonButton fill="clear" disabled={url === null} onClick={() => url !== null && void copy(url)}>
      {texts.copyLink}
    </IonButton>
  );
}
