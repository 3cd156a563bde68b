const PIECES = /(\d{4}-\d\d-\d\d(?:T[\d:.]+Z)?)|(?<=[:/_&=~,])(?=[^\s\d/])/

/** A text with names in it: a date is never broken at its hyphens, and a long name only where one of its parts ends. */
export function Unbroken({ text }: { text: string }) {
  return (
    <>
      {text.split(PIECES).map((piece, n) =>
        piece === undefined ? (
          <wbr key={n} />
        ) : n % 2 === 1 ? (
          <span key={n} class="nowrap">
            {piece}
          </span>
        ) : (
          piece
        ),
      )}
    </>
  )
}
