interface Read {
  readAt: string
}

/** Answers that are further apart are not compared: the database's clock was set back, or another server took over. */
const MAX_APART_MS = 60_000

/** Whichever was read later: an answer may arrive after an event that is newer. */
export function newer<T extends Read>(shown: T | undefined, next: T): T {
  if (!shown) return next
  const ms = Date.parse(shown.readAt) - Date.parse(next.readAt)
  return ms > 0 && ms < MAX_APART_MS ? shown : next
}
