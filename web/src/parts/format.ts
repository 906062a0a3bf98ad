/** Figures and times as operators read them. */
import dayjs from 'dayjs';

/** `MM:SS`, or `H:MM:SS` from an hour on, of a number of milliseconds; whole seconds, rounded down. */
export function clock(durationMs: number): string {
  const seconds = Math.max(0, Math.floor(durationMs / 1000));
  const two = (n: number): string => String(n).padStart(2, '0');
  const tail = `${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return seconds >= 3600 ? `${Math.floor(seconds / 3600)}:${tail}` : tail;
}

/** Day and time of milliseconds since the epoch, in this browser's zone. */
export function dayAndTime(ms: number): string {
  return dayjs(ms).format('MM-DD HH:mm:ss');
}

/** A count with thousands separated. */
export function count(n: number): string {
  return n.toLocaleString('en-US');
}

/** A telephone number with its middle hidden: `138****0001`. Short ones are shown as they are. */
export function maskedPhone(phone: string): string {
  return phone.length < 8 ? phone : `${phone.slice(0, 3)}****${phone.slice(-4)}`;
}
