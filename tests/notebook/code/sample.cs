using System; using static System.Math;
#region x
namespace Kurs.Übung
{
    /// <summary>text</summary>
    [Serializable]
    public sealed record Person(string Name, int Alter = 3) : IThing where T : class, new()
    {
        public string Größe { get; init; } = $"a {Name,5:F2} {{}}" + @"C:\x""y" + 'c';
        private async Task<List<int>> LoadAsync(params object[] args) => await Task.Run(() => new List<int> { 1, 0xFF, 2_000L, 3.5f });
    }
    class Program { static void Main() { var x = y switch { > 3 => 1, _ => default }; foreach (var q in from a in b where a > 1 select a) Console.WriteLine(q ?? "n"); } }
}
#endregion
