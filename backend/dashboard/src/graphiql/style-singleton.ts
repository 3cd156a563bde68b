import { useEffect } from 'react'

/*
 * In place of the package react-style-singleton, which GraphiQL's dialogs load: that one adds a <style> element, which the content
 * security policy refuses. A constructed style sheet does the same and is allowed.
 */

/** A component that adds a style sheet to the page while it is mounted. */
export function styleSingleton() {
  return ({ styles }: { styles: string; dynamic?: boolean }): null => {
    useEffect(() => {
      const sheet = new CSSStyleSheet()
      sheet.replaceSync(styles)
      document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet]
      return () => {
        document.adoptedStyleSheets = document.adoptedStyleSheets.filter((one) => one !== sheet)
      }
    }, [styles])
    return null
  }
}
