import type { Texts } from '../texts/en.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** When it happened, as short as it can be told: "5 min", then the time, the weekday, the date. Times in ms. */
export function formatTime(at: number, now: number, language: string, texts: Texts['messages']): string {
  const age = now - at;
  if (age < MINUTE_MS) return texts.now;
  if (age < HOUR_MS) return texts.minutes(Math.floor(age / MINUTE_MS));
  const date = new Date(at);
  if (date.toDateString() === new Date(now).toDateString())
    return part(language, date, { timeStyle: 'short' });
  if (age < 6 * DAY_MS) return part(language, date, { weekday: 'short' });
  const isThisYear = date.getFullYear() === new Date(now).getFullYear();
  return part(language, date, {
    day: 'numeric',
    month: 'short',
    ...(!isThisYear && { year: 'numeric' }),
  });
}

export function formatFullTime(at: number, language: string): string {
  return part(language, new Date(at), { dateStyle: 'full', timeStyle: 'medium' });
}

function part(language: string, date: Date, options: Intl.DateTimeFormatOptions): string {
  return new Intl.DateTimeFormat(language, options).format(date);
}
