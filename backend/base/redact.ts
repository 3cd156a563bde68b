const HIDDEN = '***'
const SECRET_NAME = /token|secret|password|api[-_]?key|authorization|cookie|signature|credential|^code/i
const IN_QUERY = /([?&][^=&\s]*(?:token|secret|password|key|signature|credential|code)[^=&\s]*=)[^&\s"']+/gi
const IN_HEADER = /\b(Bearer|Basic|Token)\s+[\w.~+/=-]{6,}/g
const IN_JSON = /("[^"]*(?:token|secret|password|api_?key|credential)[^"]*"\s*:\s*")[^"]+/gi

/** A part of a value that is longer than this may be a secret itself: a password after its user, a token after its scheme. */
const MIN_PART = 8

/**
 * The texts that must never be shown: each value whole, without the scheme before a token, in its parts, and in URL encoding. The
 * longest come first, so that none is left half hidden.
 */
export const secretsIn = (values: readonly string[]): string[] => {
  const all = values.flatMap((value) => [
    value,
    value.replace(/^\w+\s+/, ''),
    ...value.split(/[\s:;,=]+/).filter((part) => part.length >= MIN_PART),
  ])
  const hidden = [...new Set([...all, ...all.map(encodeURIComponent)])].filter((value) => value.length > 3)
  return hidden.sort((one, other) => other.length - one.length)
}

/** The same for headers or form fields whose names mark them as secret. */
export const secretsOf = (fields: Record<string, string>): string[] =>
  secretsIn(
    Object.entries(fields)
      .filter(([name]) => SECRET_NAME.test(name))
      .map(([, value]) => value),
  )

/** The same error with a text that shows no secret. */
export function hideSecrets(error: Error, secrets: readonly string[]): Error {
  if (secrets.length === 0) return error
  error.message = redact(error.message, secrets)
  error.stack = error.stack && redact(error.stack, secrets)
  return error
}

/** The text without tokens, keys and passwords, as far as their position or `secrets` identifies them. */
export function redact(text: string, secrets: readonly string[] = []): string {
  const bare = secrets.reduce((rest, secret) => rest.replaceAll(secret, HIDDEN), text)
  return bare.replace(IN_QUERY, `$1${HIDDEN}`).replace(IN_HEADER, `$1 ${HIDDEN}`).replace(IN_JSON, `$1${HIDDEN}`)
}

/** The start of an answer on one line, for an error that a person reads. */
export const excerpt = (text: string, secrets: readonly string[] = [], length = 160): string =>
  redact(text.slice(0, length * 4), secrets)
    // Among them NUL, which no text column accepts.
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim()
    .slice(0, length)
