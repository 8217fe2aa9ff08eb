// Films of other sites play here once somebody asks for them. Before that nothing is loaded from there.
const SANDBOX = "allow-scripts allow-same-origin allow-popups allow-popups-to-escape-sandbox allow-presentation";

// The policy of a page names the servers of the films that it came with. What arrives later from others stays a link.
for (const player of document.querySelectorAll(".player[data-guest]")) player.dataset.ready = "";

function play(player) {
  const frame = document.createElement("iframe");
  frame.title = player.dataset.title;
  frame.setAttribute("sandbox", SANDBOX);
  frame.allow = "autoplay; fullscreen; encrypted-media; picture-in-picture";
  // YouTube and Vimeo refuse whoever does not say from which site they come; the page's own address stays here.
  frame.referrerPolicy = "guest" in player.dataset ? "no-referrer" : "strict-origin-when-cross-origin";
  // Who saves data sees it begin only after a second press, there.
  frame.src = navigator.connection?.saveData ? player.dataset.embed.replace(/auto[pP]lay=\w+&?/, "") : player.dataset.embed;
  player.querySelector(".screen").replaceChildren(frame);
  player.classList.add("playing");
  frame.focus();
}

document.addEventListener("click", (event) => {
  const player = event.target.closest?.(".player .play")?.closest(".player");
  if (player?.dataset.embed) play(player);
});
