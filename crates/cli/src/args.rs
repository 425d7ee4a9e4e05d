//! Command line: the program's own verbs, and the verbs of tasks from the registry.

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, Command, FromArgMatches as _, Parser, Subcommand};
use syrinx_registry::ALL;

use crate::globals::Globals;
use crate::verbs::command::task_command;
use crate::verbs::{
    ablate, align, bench, codec, codes, config, dash, data, eval, import, lora, models, package,
    pretrain, results, run, score, serve, tasks, train, voices,
};

const ABOUT: &str = "Synthesizes, recognizes and edits speech with one small codec language model";

const AFTER: &str = "\
Examples:
  syrinx say \"The birch canoe slid on the smooth planks.\" -o canoe.wav
  syrinx transcribe talk.mp3 --format srt -o talk.srt
  syrinx phonemize \"Zyxomma is a dragonfly.\"
  syrinx voices add me recording.wav && syrinx say hello --voice me
  syrinx tasks show tts
  syrinx dash

Exit codes:
    0  done
    1  unexpected error; please report it
    2  invalid command line
    3  bad input: a file, a text or a request that can't be used
    4  bad model, checkpoint or configuration
    5  writing failed: disk full, folder missing, not writable
    6  an evaluation is worse than its baseline
    7  another rank of the job is lost; the last checkpoint is whole
  130  stopped by Ctrl-C; what was finished is kept

Settings come from syrinx.toml in the current folder (or --config FILE), then from variables such as
SYRINX_DECODE__BEST_OF=4, then from flags; `syrinx config show` shows the origin of each.";

/// The program. Verbs of tasks are added to it by [`command`].
#[derive(Debug, Parser)]
#[command(name = "syrinx", version, about = ABOUT, after_help = AFTER, subcommand_required = true, arg_required_else_help = true, styles = STYLES, max_term_width = 100)]
struct Program {
    #[command(flatten)]
    globals: Globals,
    #[command(subcommand)]
    verb: Option<Verb>,
}

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Yellow.on_default().bold())
    .usage(AnsiColor::Yellow.on_default().bold())
    .literal(AnsiColor::Green.on_default())
    .placeholder(AnsiColor::Cyan.on_default());

/// Verbs that aren't tasks.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Find the words of a known text in a recording
    #[command(display_order = 20)]
    Align(align::AlignArgs),
    /// Score a known text in a recording: log-probability and goodness of pronunciation of every word
    #[command(display_order = 20)]
    Score(score::ScoreArgs),
    /// Encode a recording to codes
    #[command(display_order = 21)]
    Encode(codes::EncodeArgs),
    /// Decode codes to a recording
    #[command(display_order = 22)]
    Decode(codes::DecodeArgs),
    /// Named voices: list them, add your own, remove it
    #[command(display_order = 23)]
    Voices(voices::VoicesArgs),
    /// Tasks of this program: list them, show one
    #[command(display_order = 24)]
    Tasks(tasks::TasksArgs),
    /// Answer any request of any task, in JSON
    #[command(display_order = 25)]
    Run(run::RunArgs),
    /// Show the model in use: sizes, voices, tasks, card
    #[command(display_order = 26)]
    Info,
    /// Settings: show them with their origin, print their schema
    #[command(display_order = 27)]
    Config(config::ConfigArgs),
    /// Convert a published language model to this program's format
    #[command(display_order = 27)]
    Import(import::ImportArgs),
    /// Published checkpoints: fetch one from the hub, list them, remove one
    #[command(display_order = 27)]
    Models(models::ModelsArgs),
    /// Measure a model by a suite of evals/
    #[command(display_order = 28)]
    Eval(eval::EvalArgs),
    /// Results of evaluations and ablations: list, show, compare, export, merge
    #[command(display_order = 29)]
    Results(results::ResultsArgs),
    /// The terminal dashboard: tasks side by side, evaluations, ablations, training runs
    #[command(display_order = 30)]
    Dash(dash::DashArgs),
    /// Train and evaluate a grid of settings that answers a question: configs/ablations
    #[command(display_order = 31)]
    Ablate(ablate::AblateArgs),
    /// Prepare data: import corpora, encode them to token shards
    #[command(display_order = 32)]
    Data(data::DataArgs),
    /// Fit a codec's quantiser and train its vocoder
    #[command(display_order = 33)]
    Codec(codec::CodecArgs),
    /// Train a language model on token shards
    #[command(display_order = 34)]
    Train(train::TrainArgs),
    /// Run all stages of a recipe, from a corpus to an evaluated model
    #[command(display_order = 34)]
    Pretrain(pretrain::PretrainArgs),
    /// Join a language model, a codec and voices to one model file
    #[command(display_order = 35)]
    Package(package::PackageArgs),
    /// Adapters of fine-tuned models: show one, merge it into its model
    #[command(display_order = 36)]
    Lora(lora::LoraArgs),
    /// Measure the speed of this machine
    #[command(display_order = 37)]
    Bench(bench::BenchArgs),
    /// Serve the model over HTTP: OpenAI's audio API, every task, websockets, a page
    #[command(display_order = 38)]
    Serve(serve::ServeArgs),
    /// Print completions for a shell
    #[command(display_order = 39)]
    Completions(CompletionsArgs),
}

/// `completions`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  syrinx completions bash > ~/.local/share/bash-completion/completions/syrinx"
)]
pub struct CompletionsArgs {
    /// The shell
    pub shell: clap_complete::Shell,
}

/// Returns the whole command line.
pub fn command() -> Command {
    use clap::CommandFactory as _;
    let tasks = ALL.iter().enumerate().map(|(i, d)| task_command(d).display_order(i));
    Program::command().subcommands(tasks)
}

/// Returns the verb of parsed arguments, if it isn't a task's.
pub fn verb(matches: &clap::ArgMatches) -> Result<Verb, clap::Error> {
    Verb::from_arg_matches(matches)
}
