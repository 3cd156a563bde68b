/** An id in a text, and its line from 1. */
export interface ListedId {
  text: string
  line: number
}

/** Ids of a text: separated by space, comma, semicolon or line; `#` starts a comment. */
export const idsIn = (text: string): ListedId[] =>
  text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .flatMap((line, at) => wordsOf(line).map((word) => ({ text: word, line: at + 1 })))

/** Ids of one line. */
export const wordsOf = (line: string): string[] => (line.split('#')[0] ?? '').split(/[\s,;]+/).filter((word) => word !== '')
