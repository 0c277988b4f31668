// The slip opens as a PDF to print, and the board's figures come down as workbooks that open.
import assert from 'node:assert/strict';

export async function tell({ order, worker, receive, kept, opened }) {
  const desk = await worker('lan', '/desk');
  const code = await receive(desk);
  const text = await order({ do: 'open-pdf', file: await opened(desk, () => desk.click('#print')) });
  assert.ok(text.includes(code), text);

  const board = await worker('cuong', '/board');
  for (const [section, form] of [['#by-field', '06a'], ['#by-agency', '06b']]) {
    const book = await kept(board, () => board.click(`${section} .sheet-button`));
    assert.ok(book.includes(form), book);
    const cells = await order({ do: 'open-xlsx', file: book });
    assert.ok(cells.flat().includes('1'), JSON.stringify(cells));
  }
}
