import { useEffect } from 'preact/hooks'

/** After a refusal the reader is at the first input it names. */
export function useFocusOnFault(problem: unknown): void {
  useEffect(() => {
    if (problem) document.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus()
  }, [problem])
}
