// Names for what the theme leaves without, for those who hear the page.
document.addEventListener("DOMContentLoaded", () => {
  for (const button of document.querySelectorAll(".search-button__button")) button.removeAttribute("aria-label"); // it has words
  for (const list of document.querySelectorAll(".citation-list")) list.removeAttribute("role"); // its entries aren't items
  for (const summary of document.querySelectorAll("summary")) {
    if (summary.textContent.trim()) summary.removeAttribute("aria-label");
    else summary.setAttribute("aria-label", "Show the pages below this one");
  }
});
