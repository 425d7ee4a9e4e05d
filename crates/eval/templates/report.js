for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  table.tHead.rows[0].querySelectorAll("th").forEach((title, column) => {
    let up = false;
    title.addEventListener("click", () => {
      up = !up;
      const value = (row) => {
        const cell = row.cells[column];
        const number = parseFloat(cell.dataset.value ?? cell.textContent);
        return Number.isNaN(number) ? cell.textContent : number;
      };
      const order = (a, b) => {
        const [x, y] = [value(a), value(b)];
        const less = typeof x === typeof y ? (x < y ? -1 : x > y ? 1 : 0) : typeof x === "number" ? -1 : 1;
        return up ? less : -less;
      };
      body.append(...[...body.rows].sort(order));
    });
  });
}
document.getElementById("filter").addEventListener("input", (event) => {
  const wanted = event.target.value.toLowerCase();
  for (const row of document.getElementById("rows").tBodies[0].rows) {
    row.hidden = !row.textContent.toLowerCase().includes(wanted);
  }
});
