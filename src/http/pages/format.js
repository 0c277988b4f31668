// Days, times and figures as people here write them, by the clock of the offices and not of this computer.
import { language, t } from './texts.js';

let ahead = 0;
let offset = '+07:00';

/** Sets the clock by a timestamp of the service. */
export function setClock(now) {
  ahead = Date.parse(now) - Date.now();
  offset = now.slice(-6);
}

/** Now at the offices, in milliseconds. */
export const now = () => Date.now() + ahead;

/** A number of milliseconds as a timestamp of the offices. */
export function stamp(milliseconds = now()) {
  const [hours, minutes] = offset.slice(1).split(':').map(Number);
  const shift = (hours * 60 + minutes) * 60_000 * (offset[0] === '-' ? -1 : 1);
  return new Date(milliseconds + shift).toISOString().slice(0, 19) + offset;
}

/** Today at the offices, as `YYYY-MM-DD`. */
export const today = () => stamp().slice(0, 10);

/** What a field for date and time holds, as a timestamp of the offices. */
export const stampOf = field => `${field.length === 16 ? `${field}:00` : field}${offset}`;

/** A date or timestamp as day, month, year. */
export const day = text => (text ? `${text.slice(8, 10)}/${text.slice(5, 7)}/${text.slice(0, 4)}` : '–');

/** A timestamp as time and day. */
export const moment = text => (text ? `${text.slice(11, 16)}, ${day(text)}` : '–');

/** The day of the week of a date. */
export const weekday = text => new Intl.DateTimeFormat(language, { weekday: 'long', timeZone: 'UTC' }).format(new Date(`${text.slice(0, 10)}T00:00:00Z`));

export const number = value => value.toLocaleString(language);

/** A rate of the service, given as "97.50", in percent. */
export const percent = rate => (rate.percent === null ? '–' : `${Number(rate.percent).toLocaleString(language, { maximumFractionDigits: 1 })}\u00a0%`);

/** How much time is left until a timestamp, or how long it is past. */
export function left(text) {
  const away = Date.parse(text) - now();
  const minutes = Math.floor(Math.abs(away) / 60_000);
  const [days, hours] = [Math.floor(minutes / 1_440), Math.floor((minutes % 1_440) / 60)];
  const span = days > 0 ? t('days_hours', { days, hours }) : hours > 0 ? t('hours_minutes', { hours, minutes: minutes % 60 }) : t('minutes', { minutes });
  return t(away >= 0 ? 'left' : 'past', { span });
}

/** A date so many days away. */
export const plusDays = (date, days) => new Date(Date.parse(`${date}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);

/** A time limit in words. */
export const limit = rule => (rule.no_appointment ? t('no_appointment') : t(`unit_${rule.unit}`, { amount: rule.amount }));
