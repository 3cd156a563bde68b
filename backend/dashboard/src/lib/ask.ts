import { createStore } from './store'

export interface Question {
  title: string
  text: string
  /** The text of the button: a verb. */
  action: string
  danger?: boolean
  answer(yes: boolean): void
}

/** The question that is open, if any; the shell shows it as a dialog. */
export const question = createStore<Question | null>(null)

/** Asks the reader before something that cannot be undone. */
export const ask = (it: Omit<Question, 'answer'>): Promise<boolean> =>
  new Promise((resolve) => {
    question.set({
      ...it,
      answer(yes) {
        question.set(null)
        resolve(yes)
      },
    })
  })
