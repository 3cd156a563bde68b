let offsetMs = 0

/** Sets this page's clock by an answer's Date header, so that countdowns follow the server's clock. */
export function readClock(date: string | null): void {
  const at = date ? Date.parse(date) : Number.NaN
  if (Number.isNaN(at)) return
  // The header has whole seconds; half a second is the middle of the possible range.
  const offset = at + 500 - Date.now()
  offsetMs = Math.abs(offset) < 1500 ? 0 : offset
}

/** The server's time, ms. */
export const serverNow = (): number => Date.now() + offsetMs
