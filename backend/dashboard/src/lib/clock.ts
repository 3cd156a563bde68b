let offsetMs = 0

/** Sets this page's clock by an answer's Date header, so that countdowns end when the server says. */
export function readClock(date: string | null): void {
  const at = date ? Date.parse(date) : Number.NaN
  if (Number.isNaN(at)) return
  // The header is in whole seconds: half of one is the middle of what it can mean.
  const offset = at + 500 - Date.now()
  offsetMs = Math.abs(offset) < 1500 ? 0 : offset
}

/** The server's time, ms. */
export const serverNow = (): number => Date.now() + offsetMs
