import stringWidth from 'string-width';

/** Breaks a line at spaces so that it fits the width; following lines are indented by `indent` spaces. Colours do not count. */
export function wrapLine(line: string, width: number, indent: number): string {
  if (stringWidth(line) <= width) return line;
  const lead = /^ */u.exec(line)?.[0] ?? '';
  const lines: string[] = [];
  let current = lead;
  for (const word of line.slice(lead.length).split(' ')) {
    const glue = current === lead || current.trim() === '' ? '' : ' ';
    if (stringWidth(current) + glue.length + stringWidth(word) > width && current.trim() !== '') {
      lines.push(current);
      current = ' '.repeat(indent) + word;
    } else current += glue + word;
  }
  return [...lines, current].join('\n');
}
