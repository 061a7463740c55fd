import { formatTime } from '../messages/format-time.ts';
import type { Texts } from '../texts/en.ts';

/** How long ago an ISO time was, in words; null: never. */
export function when(at: string | null, now: number, language: string, texts: Texts): string {
  if (at === null) return texts.account.never;
  const said = formatTime(Date.parse(at), now, language, texts.messages);
  const isAge = now - Date.parse(at) < 3_600_000 && said !== texts.messages.now;
  return isAge ? texts.account.ago(said) : said;
}
