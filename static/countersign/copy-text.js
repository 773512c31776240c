// Buttons that copy the text of a field: <button data-copies="id of the field" hidden>.
for (const button of document.querySelectorAll("[data-copies]")) {
  const field = document.getElementById(button.dataset.copies);
  const said = button.parentElement.querySelector("[data-copied]");
  button.hidden = false;
  button.addEventListener("click", async () => {
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
      said.textContent = "Copied";
    } catch {
      // Browsers only copy on https and localhost; the text is selected.
      said.textContent = "Press Ctrl+C";
    }
    setTimeout(() => (said.textContent = ""), 4000);
  });
}
