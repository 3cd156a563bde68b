import { useEffect } from 'preact/hooks'

/** After an error, moves the focus to the first input it names. */
export function useFocusOnFault(problem: unknown): void {
  useEffect(() => {
    if (problem) document.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus()
  }, [problem])
}
