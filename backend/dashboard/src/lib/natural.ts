const collator = new Intl.Collator('en', { numeric: true })

/** By these texts, with the numbers in them as numbers: `2` before `10`. */
export const naturally = <T>(items: readonly T[], textOf: (item: T) => string): T[] =>
  [...items].sort((a, b) => collator.compare(textOf(a), textOf(b)))
